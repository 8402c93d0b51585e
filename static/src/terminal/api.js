/** What the page asks of the server besides the websocket: create, rename and end a terminal. */

/** The server said no; `message` is its sentence for people, `code` its snake_case code, `status` the HTTP status. */
export class ApiError extends Error {
  name = "ApiError";

  constructor(text, { code = "unknown", status = 0, cause } = {}) {
    super(text, { cause });
    this.code = code;
    this.status = status;
  }
}

export class TerminalsApi {
  #terminalsUrl;
  #csrf;

  /** `terminalsUrl` is where a sandbox's terminals are created, `csrf` Django's token. */
  constructor(terminalsUrl, csrf) {
    this.#terminalsUrl = terminalsUrl;
    this.#csrf = csrf;
  }

  /** Create a terminal in the person's own session; returns {id, title, state}. Raises ApiError. */
  create() {
    return this.#post(this.#terminalsUrl);
  }

  /** Raises ApiError. */
  rename(id, title) {
    return this.#post(`/terminals/${encodeURIComponent(id)}/rename/`, { title });
  }

  /** End the terminal's processes and forget it. One that is gone already counts as ended. Raises ApiError. */
  async end(id) {
    try {
      await this.#post(`/terminals/${encodeURIComponent(id)}/end/`);
    } catch (error) {
      if (error.status !== 404) throw error;
    }
  }

  async #post(url, fields = {}) {
    const response = await this.#fetch(url, new URLSearchParams(fields));
    const answer = await jsonOf(response);
    if (response.ok) return answer;
    const { code, text } = answer?.error ?? {};
    throw new ApiError(text ?? `The server answered with ${response.status}. Nothing was changed.`, {
      code,
      status: response.status,
    });
  }

  async #fetch(url, body) {
    const headers = { "X-CSRFToken": this.#csrf, Accept: "application/json" };
    try {
      return await fetch(url, { method: "POST", headers, body, credentials: "same-origin" });
    } catch (cause) {
      throw new ApiError("The server did not answer. Nothing was changed; try again in a moment.", { cause });
    }
  }
}

async function jsonOf(response) {
  const isJson = response.headers.get("Content-Type")?.startsWith("application/json");
  return isJson ? response.json() : null;
}
