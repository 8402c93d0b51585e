import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

import { allowed, fontFamilyOf, PREFERENCES, withUsual } from "../../static/src/lib/looks/preferences.js";

test("what is missing or wrong is as usual, numbers stay inside their limits", () => {
  assert.equal(withUsual(null).fontSize, 14);
  const chosen = withUsual({ fontSize: 99, lineHeight: 1.234, theme: "pink", cursorBlink: 0, bell: "sound", extra: 1 });
  assert.deepEqual([chosen.fontSize, chosen.lineHeight, chosen.theme], [28, 1.23, "page"]);
  assert.deepEqual([chosen.cursorBlink, chosen.bell, chosen.extra], [true, "sound", undefined]);
  assert.equal(allowed("fontSize", NaN), 14);
});

test("a chosen font stands in front of the page's", () => {
  assert.equal(fontFamilyOf("page", "Menlo"), "Menlo");
  assert.equal(fontFamilyOf("fira", "Menlo"), '"Fira Code", "Fira Mono", Menlo');
});

test("the server takes each of them, with the same choices", async () => {
  const twin = await readFile(new URL("../../sessions/models/preferences.py", import.meta.url), "utf8");
  for (const [name, { choices }] of Object.entries(PREFERENCES)) {
    const words = (choices ?? []).map(([value]) => value).filter((value) => typeof value === "string");
    const line = twin.split("\n").find((text) => text.includes(`"${name}":`));
    assert.ok(line, name);
    assert.deepEqual(
      line
        .split("_one_of(")[1]
        ?.match(/"\w+"/g)
        ?.map((word) => word.slice(1, -1))
        .sort() ?? [],
      words.sort(),
      name,
    );
  }
});
