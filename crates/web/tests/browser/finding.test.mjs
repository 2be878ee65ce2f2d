// Searching, filtering, sorting, and reading on.

import assert from "node:assert/strict";

import { GONE, isAt, sees, story, unique } from "./support.mjs";

const titles = (page) => page.locator("[data-list] h3").allTextContents();

story("tickets are found by words, price and state, as one types", async (world) => {
  const [seller, buyer] = [await world.register(), await world.register()];
  const word = unique();
  const cheap = await world.list(seller, `Cheap Évora ${word}`, 10);
  await world.list(seller, `Dear Evora ${word}`, 90);
  const gone = await world.list(seller, `Gone Evora ${word}`, 20);
  await world.reserve(buyer, gone);

  const page = await world.guest();
  await page.goto("/");
  await page.getByLabel("Search tickets by name").pressSequentially(`evo ${word.slice(0, 9)}`);
  await sees(page.locator("#announce"), "3 · What we found");
  assert.match(page.url(), /\/\?q=evo/);
  await sees(page.locator(".ticket").filter({ hasText: "Gone" }), GONE);

  await page.getByLabel("Sort by").selectOption("cheapest");
  await page.locator("[data-list] > li:first-child").filter({ hasText: "Cheap" }).waitFor();
  assert.deepEqual((await titles(page)).map((title) => title.split(" ")[0]),
    ["Cheap", "Gone", "Dear"]);
  await page.getByLabel("Available only").check();
  await sees(page.locator("#announce"), "2 ·");
  await page.getByLabel("to", { exact: true }).fill("50,00");
  await sees(page.locator("#announce"), "1 ·");
  assert.deepEqual(await titles(page), [cheap.title]);
  await page.getByLabel("to", { exact: true }).fill("much");
  await sees(page.locator("#range-fault"), "Type an amount such as 19.99.");

  // the address tells the whole search
  await page.getByLabel("to", { exact: true }).fill("5");
  await sees(page.locator(".empty"), "Nothing fits.");
  await page.reload();
  await sees(page.locator(".empty"), "Nothing fits.");
  // so does the way to another language
  await page.getByLabel("to", { exact: true }).fill("15");
  await sees(page.locator("#announce"), "1 ·");
  await page.getByRole("link", { name: "Deutsch" }).click();
  await sees(page.locator("#results"), "Das haben wir gefunden");
  assert.deepEqual(await titles(page), [cheap.title]);
  await page.getByRole("link", { name: "English" }).click();
  await page.getByLabel("to", { exact: true }).fill("1.000");
  await sees(page.locator("#range-fault"), "nothing between thousands");
  await page.getByLabel("to", { exact: true }).fill("5");
  await page.getByRole("link", { name: "Show all tickets" }).click();
  await isAt(page, "/");
});

story("a long list is read on, with a script and without", async (world) => {
  const seller = await world.register();
  const word = unique();
  for (let number = 0; number < 23; number += 1) {
    await world.list(seller, `Long ${number} ${word}`, 1 + number % 3);
  }
  for (const javaScriptEnabled of [true, false]) {
    const page = await world.guest({ javaScriptEnabled });
    const all = [];
    for (const sort of ["newest", "cheapest"]) {
      await page.goto(`/?q=${word}&sort=${sort}`);
      const first = await titles(page);
      assert.ok(first.length < 23);
      await page.getByRole("link", { name: "Show more" }).click();
      await page.getByRole("link", { name: "Show more" }).waitFor({ state: "detached" });
      const then = await titles(page);
      all.push(javaScriptEnabled ? then : [...first, ...then]);
    }
    for (const found of all) assert.equal(new Set(found).size, 23, `${found.length} tickets`);
  }
});

story("a click that has begun is not lost to what a search brings", async (world) => {
  const seller = await world.register();
  const word = unique();
  const ticket = await world.list(seller, `Clicked ${word}`, 10);
  const page = await world.guest();
  await page.goto(`/?q=${word}`);
  const link = page.getByRole("link", { name: ticket.title });
  await link.hover();
  const answered = page.waitForResponse(/\/\?q=.*\+$/);
  await page.getByLabel("Search tickets by name").press("End");
  await page.getByLabel("Search tickets by name").pressSequentially(" ");
  // leaves the field, so that the search begins now
  await link.hover();
  await page.mouse.down();
  await (await answered).finished();
  // the page has had its time to show it
  await page.evaluate(() => new Promise((done) => {
    requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done)));
  }));
  await page.mouse.up();
  await isAt(page, `/tickets/${ticket.id}`);
});
