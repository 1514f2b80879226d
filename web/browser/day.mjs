// A day at the desk, played in a real browser. In comes, on standard input, where the
// server is and what is true of the mail; out go screenshots, and exit code 1 with what
// was seen instead of what should be.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Desk } from "./desk.mjs";
import { clear, watchBatch } from "./operator.mjs";
import { readLetters, seesNothing } from "./caseworker.mjs";
import { addUser, explain } from "./auditor.mjs";
import { everyPage } from "./pages.mjs";
import { halfAsWide, unattended, withoutScript } from "./plain.mjs";

const desk = new Desk(JSON.parse(readFileSync(0, "utf8")));
const began = Date.now();
const tell = (what) => console.log(`${((Date.now() - began) / 1000).toFixed(1)} s ${what}`);

async function day() {
  await desk.begin();
  const operator = await watchBatch(desk);
  tell("the batch has come in");
  await clear(operator, desk);
  tell("what waited is cleared by keyboard");
  await halfAsWide(operator, desk);
  await operator.leave();
  tell("half as wide");
  const said = await readLetters(desk);
  await seesNothing(desk, said);
  tell("letters are read, one is sent back");
  await explain(desk);
  await addUser(desk);
  tell("explained, sampled, a user added");
  await unattended(desk);
  tell("left unattended");
  await everyPage(desk, tell);
  await withoutScript(desk);
  tell("without a script");
}

let late;
try {
  await Promise.race([day(), new Promise((_, no) => { late = setTimeout(() => no(new Error("the day lasts too long")), desk.limit * 1000); })]);
} catch (e) {
  for (const p of desk.open) {
    const name = `failed-${p.login}.png`;
    await p.page.screenshot({ path: join(desk.shots, name), timeout: 5000 }).catch(() => {});
    console.error(`${p.login} is at ${p.page.url()} (${name}): ${p.wrong.join("; ")}`);
  }
  console.error(e.stack ?? e);
  process.exitCode = 1;
} finally {
  clearTimeout(late);
  await desk.end();
}
