/** Does what a command of the palette says: see lib/words/commands.js for its kinds. */
import { chooseTheme } from "../pages/theme.js";
import { say, sentence } from "../pages/toasts.js";
import { element } from "../terminal/dom.js";

/** `csrf` is the token for forms; `isNewTab` opens a link beside this page. */
export function perform(command, { csrf, isNewTab }) {
  const { href, post, theme, run, leaves } = command;
  if (run) run();
  else if (theme) chooseTheme(document, theme);
  else if (post && leaves) submit(command, csrf);
  else if (post) send(command, csrf);
  else if (isNewTab) window.open(href, "_blank", "noopener");
  else location.assign(href);
}

/** Post a form whose answer is another page. */
function submit({ post, fields = {} }, csrf) {
  const values = Object.entries({ ...fields, csrfmiddlewaretoken: csrf });
  const inputs = values.map(([name, value]) => element("input", { type: "hidden", name, value: String(value) }));
  const form = element("form", { method: "post", action: post, hidden: true }, ...inputs);
  document.body.append(form);
  form.submit();
}

/** Post the form of a button, as the button would: the answer says which events the page hears. */
async function send({ post, done }, csrf) {
  try {
    const answer = await fetch(post, { method: "POST", headers: { "X-CSRFToken": csrf, "HX-Request": "true" } });
    if (answer.redirected)
      location.reload(); // signed out: the way leads over the sign-in
    else if (!answer.ok) say(document, sentence(answer.status));
    else tell(answer.headers.get("HX-Trigger"), done);
  } catch {
    say(document, "The server does not answer. Nothing was changed; try again.");
  }
}

function tell(triggers, done) {
  for (const [name, detail] of Object.entries(JSON.parse(triggers ?? "{}"))) {
    document.body.dispatchEvent(new CustomEvent(name, { detail, bubbles: true }));
  }
  say(document, done, "success");
}
