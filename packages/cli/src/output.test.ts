import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { Output } from "./output.ts";

function opened(options: { readonly json?: boolean; readonly quiet?: boolean; readonly isTTY?: boolean } = {}) {
  const { json = false, quiet = false, isTTY = false } = options;
  const texts = { out: "", err: "" };
  const [stdout, stderr] = [new PassThrough(), new PassThrough()].map((stream) =>
    Object.assign(stream, { isTTY, columns: 60 }),
  );
  stdout?.on("data", (chunk) => (texts.out += chunk));
  stderr?.on("data", (chunk) => (texts.err += chunk));
  const io = { stdin: new PassThrough(), stdout, stderr, env: {}, cwd: "/", signal: new AbortController().signal };
  return { out: new Output(io as ConstructorParameters<typeof Output>[0], { json, quiet }), texts };
}

const EVIL = "a\u001b[2Jb\u009bc\u202ed\ne\u061c\u200b\u200f\u{e0041}";

test("nothing that is printed moves a cursor, and JSON stays what it says", () => {
  const json = opened({ json: true });
  json.out.document({ name: EVIL });
  expect(json.texts.out).toMatch(/^[\x20-\x7e]+\n$/);
  expect(JSON.parse(json.texts.out)).toEqual({ name: EVIL });
  const text = opened();
  text.out.document({ name: EVIL });
  text.out.row({ name: EVIL }, [["name", 0]]);
  text.out.problem("code", EVIL);
  expect(`${text.texts.out}${text.texts.err}`).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
  expect(text.texts.err.split("\n")).toHaveLength(2);
});

test("progress: a bar on a terminal, lines elsewhere, nothing when it is to be quiet", () => {
  const work = ({ out }: ReturnType<typeof opened>): void => {
    const progress = out.progress("Working", 2);
    progress.step("one");
    out.row({ id: "row" }, [["id", 0]]);
    progress.step("two");
    progress.end("2 done");
  };
  const [lines, quiet, bar] = [opened(), opened({ quiet: true }), opened({ isTTY: true })];
  [lines, quiet, bar].forEach(work);
  expect(lines.texts.err).toBe("1/2 one\n2/2 two\n2 done\n");
  expect(quiet.texts.err).toBe("");
  const frames = bar.texts.err.split("\r\u001b[K");
  expect(frames.filter((frame) => frame.includes("1/2 one"))).toHaveLength(3);
  expect(frames.every((frame) => frame.length < 60)).toBe(true);
  expect(frames.at(-1)).toBe("2 done\n");
  expect(bar.texts.out).toContain("row\n");
});
