// What the pages weigh, and that nothing jumps while they come.

import assert from "node:assert/strict";

import { everyPage, open } from "./pages.mjs";
import { PHONE, story } from "./support.mjs";

/** The most that the first page may take over the wire, and each after it, in bytes. */
const FIRST_MAX = 60_000;
const LATER_MAX = 15_000;

/** The most that a page may shift, as browsers count (https://web.dev/articles/cls). */
const SHIFT_MAX = 0.02;

story("pages are light, and nothing on them jumps", async (world) => {
  const { pages } = await everyPage(world);
  const page = await world.guest({ viewport: PHONE });
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  let bytes = 0;
  session.on("Network.loadingFinished", ({ encodedDataLength }) => { bytes += encodedDataLength; });
  await page.addInitScript(() => {
    window.shifted = 0;
    new PerformanceObserver((list) => {
      for (const shift of list.getEntries()) if (!shift.hadRecentInput) window.shifted += shift.value;
    }).observe({ type: "layout-shift", buffered: true });
  });
  const found = [];
  let isFirst = true;
  for (const row of pages.filter(({ then }) => !then)) {
    bytes = 0;
    await open(world, page, row);
    await page.evaluate(() => new Promise((done) => {
      requestAnimationFrame(() => requestAnimationFrame(done));
    }));
    const most = isFirst ? FIRST_MAX : LATER_MAX;
    if (bytes > most || bytes === 0) found.push(`${row.name}: ${bytes} bytes`);
    const shifted = await page.evaluate(() => window.shifted);
    if (shifted > SHIFT_MAX) found.push(`${row.name}: shifts by ${shifted}`);
    isFirst = false;
  }
  assert.deepEqual(found, []);
});
