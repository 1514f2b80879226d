// Without a script everything works as well, and with letters twice as large too.
import assert from "node:assert/strict";
import { height, width, word } from "./desk.mjs";
import { allDone, fileTyped } from "./operator.mjs";

// halfAsWide is what a browser's zoom of 200 % leaves: the letter that was laid aside is
// found and filed there, by keyboard, and nothing has to be moved sideways.
export async function halfAsWide(o, desk) {
  await o.page.setViewportSize({ width: width / 2, height: height / 2 });
  await o.page.goto("/station/list");
  await o.tabTo("#lane");
  await o.type(word("lane.later"));
  await o.tabTo("form[action='/station/list'] button");
  await o.leads("Enter");
  await o.tabTo("#rows td a");
  await o.leads("Enter");
  assert.equal(await o.focused(), "reference");
  const [seen, wide] = await o.page.evaluate(() => [document.documentElement.clientWidth, document.documentElement.scrollWidth]);
  assert.ok(wide <= seen, `the station is ${wide} wide where ${seen} can be seen`);
  await o.shot("station-200");
  await onATelephone(o);
  await fileTyped(o, desk.cases.permits);
  await o.page.setViewportSize({ width, height });
  await allDone(o);
}

// onATelephone is a narrow screen: the letter comes first, and charts can be read.
async function onATelephone(o) {
  const at = o.page.url();
  await o.page.setViewportSize({ width: 400, height: 800 });
  await o.page.goto(at);
  assert.equal(await o.focused(), "reference");
  await o.shot("station-400");
  const top = (selector) => o.page.locator(selector).first().evaluate((e) => e.getBoundingClientRect().top);
  assert.ok(await top("[data-view]") >= 0 && await top("[data-view]") < 600, `the letter begins at ${await top("[data-view]")}`);
  for (const below of [".strip", ".bar-pages", ".split .desk"]) {
    if (await o.page.locator(below).count()) assert.ok(await top(below) > await top("[data-view]"), `${below} stands above the letter`);
  }
  await o.page.goto("/figures");
  const [seen, wide, chart] = await o.page.evaluate(() => [document.documentElement.clientWidth, document.documentElement.scrollWidth, document.querySelector(".plot").clientWidth]);
  assert.ok(wide <= seen, `the figures are ${wide} wide where ${seen} can be seen`);
  assert.ok(chart >= 600, `a chart is ${chart} wide`);
  await o.shot("figures-400");
  await o.page.setViewportSize({ width: width / 2, height: height / 2 });
  await o.page.goto(at);
}

// unattended leaves a page open until the session is over: the sign-in takes its place, says
// why, and leads back.
export async function unattended(desk) {
  const o = await desk.signedIn("otto");
  await o.page.clock.install();
  await o.page.goto("/sheets");
  await o.page.context().addCookies([{ name: "postroom", value: "one-that-is-over", url: desk.base }]);
  await o.page.clock.fastForward(21_000);
  await o.page.waitForURL("**/signin?*");
  await o.hears("signin.ended");
  await o.page.fill("#login", "otto");
  await o.page.fill("#password", desk.password);
  await o.follow("main form button");
  assert.equal(o.page.url(), desk.base + "/sheets");
  await o.leave();
}

// withoutScript signs in, files the letter that came back, and reads another, in a
// browser that runs no script.
export async function withoutScript(desk) {
  const o = await desk.signedIn("otto", { javaScriptEnabled: false });
  assert.equal(o.path(), "/intake");
  await o.page.click("nav a[href='/station']");
  assert.equal(await o.heading(), word("reason.recall"));
  await o.page.fill("#reference", desk.cases.permits);
  await o.page.click("form.file button");
  await o.hears("station.filed");
  await o.leave();
  const c = await desk.signedIn("carla", { javaScriptEnabled: false });
  await c.page.click("#rows td a");
  await c.page.locator(".page img").waitFor();
  assert.match(await c.heading(), /TX-/);
  await c.leave();
}
