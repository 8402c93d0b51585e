import assert from "node:assert/strict";
import test from "node:test";

import { inCores, inProcesses, inRate, inSize } from "../../static/src/lib/words/units.js";

test("sizes and rates are said as on the server's pages", () => {
  assert.deepEqual(
    [512, 1536, 0.05 * 1024].map((mib) => inSize(mib * 1024 ** 2)),
    ["512 MB", "1.5 GB", "51.2 MB"],
  );
  assert.deepEqual([0, 900, 12 * 1024, 3.4 * 1024 ** 2].map(inRate), ["0 B/s", "900 B/s", "12 KB/s", "3.4 MB/s"]);
});

test("cores and processes know their singular", () => {
  assert.deepEqual([1000, 500, 1250, 0].map(inCores), ["1 core", "0.5 cores", "1.25 cores", "0 cores"]);
  assert.deepEqual([1, 12].map(inProcesses), ["1 process", "12 processes"]);
});
