/** What the page asks of the server besides the websocket: about terminals, and to keep how they stand and look. */

/** The server said no; `message` is its sentence for people, `code` its snake_case code, `status` the HTTP status. */
export class ApiError extends Error {
  name = "ApiError";

  /**
   * @param {string} text
   * @param {{ code?: string, status?: number, cause?: unknown }} [facts]
   */
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
      if (!(error instanceof ApiError) || error.status !== 404) throw error;
    }
  }

  /** Return the name of the program in the foreground; null when only the shell waits. Raises ApiError. */
  async program(id) {
    return (await this.#post(`/terminals/${encodeURIComponent(id)}/program/`)).program;
  }

  /** Keep `text`, JSON, at `url`; also while the page is being left. Raises ApiError. */
  keep(url, text) {
    return this.#answered(url, { body: text, keepalive: true, type: "application/json" });
  }

  #post(url, fields = {}) {
    return this.#answered(url, { body: new URLSearchParams(fields), type: "application/x-www-form-urlencoded" });
  }

  async #answered(url, { type, ...options }) {
    const response = await this.#fetch(url, type, options);
    const answer = await jsonOf(response);
    if (response.ok) return answer;
    const { code, text } = answer?.error ?? {};
    throw new ApiError(text ?? `The server answered with ${response.status}. Nothing was changed.`, {
      code,
      status: response.status,
    });
  }

  async #fetch(url, type, options) {
    const headers = { "X-CSRFToken": this.#csrf, Accept: "application/json", "Content-Type": type };
    try {
      return await fetch(url, { method: "POST", headers, credentials: "same-origin", ...options });
    } catch (cause) {
      throw new ApiError("The server did not answer. Nothing was changed; try again in a moment.", { cause });
    }
  }
}

async function jsonOf(response) {
  const isJson = response.headers.get("Content-Type")?.startsWith("application/json");
  return isJson ? response.json() : null;
}
