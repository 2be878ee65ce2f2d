// Registering, signing in, passwords and sessions.

import assert from "node:assert/strict";

import {
  giveCredentials, isAt, isTold, PASSWORD, sees, story, unique,
} from "./support.mjs";

const TITLE = "What is it for?";

story("somebody registers, signs out, and in again where they wanted to go", async (world) => {
  const page = await world.guest();
  const email = `${unique()}@example.com`;
  await page.goto("/register");
  await page.getByRole("button", { name: "Create the account" }).click();
  await sees(page.locator("#email-error"), "This is not an e-mail address.");
  await giveCredentials(page, "Create the account", email, "short");
  await sees(page.locator("#password-error"), "At least 8 characters, please.");
  await giveCredentials(page, "Create the account", email, "password1");
  await sees(page.locator("#password-error"), "among the first that anybody would guess");
  assert.equal(await page.getByLabel("E-mail address").inputValue(), email);
  assert.equal(await page.getByLabel("New password").inputValue(), "");
  await giveCredentials(page, "Create the account", email);
  await isTold(page, "Welcome!");

  await page.getByText("Menu").click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await isTold(page, "You are signed out.");
  await page.goto("/account");
  await isAt(page, "/sign-in");
  await giveCredentials(page, "Sign in", email, "not my password");
  await sees(page.locator("form, .note"), "This address and this password don’t go together.");
  assert.equal(await page.getByLabel("E-mail address").inputValue(), email);
  await giveCredentials(page, "Sign in", email);
  await isAt(page, "/account");
  await sees(page.locator(".lead"), email);
});

story("who guesses again and again has to wait", async (world) => {
  const { email } = await world.register();
  const page = await world.guest();
  await page.goto("/sign-in");
  // each process of auth allows five by its own count
  for (let guess = 0; guess < 16; guess += 1) {
    const answered = page.waitForResponse((it) => it.request().method() === "POST");
    await giveCredentials(page, "Sign in", email, `wrong ${guess} of many`);
    await answered;
    await page.waitForLoadState();
    if (await page.getByText("Too many tries.").count()) break;
  }
  await isTold(page, /Too many tries\. Try again in (one|\d+) (second|minute)/);
});

story("another password ends all other sessions", async (world) => {
  const here = await world.person();
  const there = await world.guest();
  await world.signIn(there, await world.register());
  await there.context().clearCookies();
  await there.goto("/sign-in");
  await giveCredentials(there, "Sign in", here.person.email);
  await isAt(there, "/");

  await here.goto("/account");
  const change = async (current, password) => {
    await here.getByLabel("Present password").fill(current);
    await here.getByLabel("New password").fill(password);
    await here.getByRole("button", { name: "Change the password" }).click();
  };
  await change("not my password", "quite another one");
  await sees(here.locator("#current-error"), "This is not your present password.");
  await change(PASSWORD, "quite another one");
  await isTold(here, "Your password is changed. All your other sessions have ended.");
  await there.goto("/orders");
  await isAt(there, "/sign-in");
  await giveCredentials(there, "Sign in", here.person.email, "quite another one");
  await isAt(there, "/orders");
});

story("sessions are seen, and ended one by one", async (world) => {
  const here = await world.person();
  const there = await world.guest();
  await there.goto("/sign-in");
  await giveCredentials(there, "Sign in", here.person.email);
  await isAt(there, "/");
  await here.goto("/account");
  await sees(here.locator(".sessions"), "This one");
  await here.getByRole("button", { name: /^Sign out there\W+Chrome/ }).click();
  await isTold(here, "Signed out there.");
  assert.equal(await here.getByRole("button", { name: /^Sign out there/ }).count(), 0);
  await there.goto("/my/tickets");
  await isAt(there, "/sign-in");
});

story("what was typed outlives the session", async (world) => {
  const seller = await world.person();
  const title = `Kept ${unique()}`;
  await seller.goto("/sell");
  await seller.getByLabel(TITLE).fill(title);
  await seller.getByLabel("Price").fill("5");
  await seller.getByLabel("Anything else?").fill("Two lines,\nboth kept.");
  await world.api(seller.person, "DELETE", "/self-service/logout/api", {
    session_token: seller.person.token,
  });
  await seller.getByRole("button", { name: "List the ticket" }).click();
  await isTold(seller, "You were signed out meanwhile.");
  await giveCredentials(seller, "Sign in", seller.person.email, "not my password");
  await sees(seller.locator("form, .note"), "This address and this password don’t go together.");
  await giveCredentials(seller, "Sign in", seller.person.email);
  await isTold(seller, "You are signed in again, and what you typed is still here.");
  assert.equal(await seller.getByLabel(TITLE).inputValue(), title);
  assert.equal(await seller.getByLabel("Price").inputValue(), "5");
  assert.equal(await seller.getByLabel("Anything else?").inputValue(), "Two lines,\nboth kept.");
  await seller.getByRole("button", { name: "List the ticket" }).click();
  await isTold(seller, "Your ticket is on sale.");
  await sees(seller.locator("h1"), title);
});
