/** The script of every page: small helpers, each optional. The pages work without it, only less lively. */
import htmx from "htmx.org";

import { enableAdding } from "./pages/adding.js";
import { enableChoosing } from "./pages/choosing.js";
import { enableCopying } from "./pages/copying.js";
import { enableFilter } from "./pages/filter.js";
import { enableForms } from "./pages/forms.js";
import { enableLiveUpdates } from "./pages/live.js";
import { enablePalette } from "./pages/palette.js";
import { enableThemeSwitch } from "./pages/theme.js";
import { keepTimes } from "./pages/times.js";
import { enableToasts } from "./pages/toasts.js";

enableToasts(document);
enableThemeSwitch(document);
enableForms(document);
enableCopying(document);
enableAdding(document);
enableFilter(document, htmx);
enableChoosing(document);
keepTimes(document);
enablePalette(document);
enableLiveUpdates(document, htmx);
