import { expect, test } from "vitest";
import { backoffSeconds, codeOf, DeliveryFailed } from "./delivery.ts";

const half = (): number => 0.5;

test("waits as long as it is asked to, and no shorter than it would", () => {
  const asking = (retryAfterSeconds: number | null): number =>
    backoffSeconds(1, half, new DeliveryFailed("busy", { retryAfterSeconds }));
  expect([asking(null), asking(-7), asking(60), asking(Number.POSITIVE_INFINITY)]).toEqual([5, 5, 60, 21_600]);
});

test("waits three times as long each time, up to six hours, and a fifth more or less", () => {
  const waits = Array.from({ length: 12 }, (_, place) => backoffSeconds(place + 1, half, null));
  expect(waits).toEqual([5, 15, 45, 135, 405, 1215, 3645, 10_935, 21_600, 21_600, 21_600, 21_600]);
  for (const [place, wait] of waits.entries()) {
    expect(backoffSeconds(place + 1, () => 0, null)).toBeCloseTo(wait * 0.8, 6);
    expect(backoffSeconds(place + 1, () => 1, null)).toBeCloseTo(wait * 1.2, 6);
  }
});

test("what is no number of seconds asks for nothing", () => {
  for (const retryAfterSeconds of [Number.NaN, "60", {}, undefined]) {
    const failed = new DeliveryFailed("busy", { retryAfterSeconds: retryAfterSeconds as number });
    expect(failed.retryAfterSeconds).toBeNull();
    expect(backoffSeconds(1, half, failed)).toBe(5);
  }
});

test("a code is kept as it is, or not at all", () => {
  for (const code of ["Bad", "https://example.com", "", "a".repeat(65), 7, Symbol("code"), Object.create(null)]) {
    expect(new DeliveryFailed(code as string).code).toBe("failed");
  }
  expect(new DeliveryFailed("http_500").code).toBe("http_500");
});

test("whatever was thrown has a code and a wait", () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  const wordy = Object.assign(new DeliveryFailed("busy"), { code: "\0".repeat(100) });
  for (const thrown of [proxy, wordy, undefined, null, Symbol("x"), 7, { code: "secret" }, new Error("secret")]) {
    expect([codeOf(thrown), backoffSeconds(2, half, thrown)]).toEqual(["failed", 15]);
  }
});
