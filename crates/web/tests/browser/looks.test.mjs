// Every page, small and large, light and dark: nothing sticks out, nothing keeps anybody out, no
// complaint of the browser. Pictures of all are written, to be looked at.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import { everyPage, open } from "./pages.mjs";
import { DESKTOP, PHONE, photograph, story } from "./support.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** The rules of WCAG 2.0 to 2.2, A and AA, and what axe thinks good beside. */
const RULES = [
  "wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice",
];

/** The narrowest phone there is, and with the text twice as large on a small one. */
const NARROW = { width: 320, height: 640 };

/** What axe holds against the page. */
async function violations(page) {
  // by the debugger, so that the page's own policy stays as it is
  await page.evaluate(AXE);
  const found = await page.evaluate(async (values) => {
    const { violations } = await window.axe.run(document, { runOnly: { type: "tag", values } });
    return violations.map(({ id, nodes }) =>
      `${id}: ${nodes.slice(0, 3).map((node) => `${node.target} ${node.failureSummary}`).join(" | ")}`);
  }, RULES);
  return found;
}

for (const colorScheme of ["light", "dark"]) {
  story(`every page, ${colorScheme}`, async (world) => {
    const page = await world.guest({ colorScheme });
    const { pages } = await everyPage(world);
    const found = [];
    for (const row of pages) {
      for (const [size, viewport] of [["desktop", DESKTOP], ["phone", PHONE], ["", NARROW]]) {
        if (size !== "phone") await page.setViewportSize(viewport);
        if (size === "desktop") await open(world, page, row);
        if (size === "phone") await page.setViewportSize(viewport);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        if (wide > 0) found.push(`${row.name} is ${wide} too wide at ${viewport.width}`);
        if (!size) continue;
        await photograph(page, "screenshots", `${row.name}-${size}-${colorScheme}.png`);
        found.push(...(await violations(page)).map((it) => `${row.name}, ${size}: ${it}`));
      }
    }
    assert.deepEqual(found, []);
    const paper = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const [red] = paper.match(/\d+/).map(Number);
    assert.equal(red < 128, colorScheme === "dark", `the paper is ${paper}`);
  });
}
