import { expect, test } from "vitest";
import { acme, after, alice, now, offer, settings } from "../../test/world.ts";
import type { Invitation } from "../model.ts";
import { closed, effective, foundInvitation, hasElapsed, refuseIdentifier } from "./invitation.ts";

test.each([
  ["before its last instant", after(1), false],
  ["at its last instant", now, false],
  ["a millisecond later", after(-1), true],
] as const)("%s a pending invitation has elapsed: %s", (_, expiresAt, elapsed) => {
  expect(hasElapsed({ ...offer, expiresAt }, now)).toBe(elapsed);
});

test("one that elapsed reads as expired since its last instant, by nobody's hand", () => {
  const elapsed = { ...offer, expiresAt: after(-1) };
  expect(effective(elapsed, now)).toEqual({
    ...elapsed,
    status: "expired",
    terminalAt: after(-1),
    terminalBy: null,
  });
});

test("whether a sweep wrote it down cannot be told", () => {
  const elapsed = { ...offer, expiresAt: after(-1) };
  const swept: Invitation = { ...elapsed, status: "expired", terminalAt: after(-1) };
  expect(effective(swept, now)).toEqual(effective(elapsed, now));
});

test.each(["accepted", "declined", "revoked"] as const)("one that was %s stays so after its expiry", (status) => {
  const ended: Invitation = { ...offer, status, expiresAt: after(-1), terminalAt: after(-2), terminalBy: alice };
  expect(effective(ended, now)).toEqual(ended);
});

test("only acceptance names the invited user", () => {
  expect(closed(offer, "accepted", now, alice).row.invitedUserId).toBe(alice);
  expect(closed(offer, "declined", now, alice).row.invitedUserId).toBeNull();
  expect(closed(offer, "revoked", now, alice).row.invitedUserId).toBeNull();
});

const lookAlikes = {
  "another case": "Kéi@x.y",
  "a decomposed accent": "ke\u0301i@x.y",
  "the Kelvin sign": "\u212aéi@x.y",
  "a dotless i": "ké\u0131@x.y",
  "full width": "\uff4béi@x.y",
  "zero width": "k\u200béi@x.y",
  "a dot at the end": "kéi@x.y.",
  "a plus tag": "kéi+a@x.y",
  "a space": " kéi@x.y",
};

test.each(Object.entries(lookAlikes))("under the default policy %s makes another identifier", (_, identifier) => {
  const invitation = { ...offer, identifier: "kéi@x.y" };
  expect(refuseIdentifier(invitation, "kéi@x.y", settings())).toBeNull();
  expect(refuseIdentifier(invitation, identifier, settings())?.code).toBe("precondition.identifier_mismatch");
});

test("an invitation is found together with its organization or not at all", () => {
  expect(foundInvitation(offer.id, { invitation: offer, org: acme }).ok).toBe(true);
  expect(foundInvitation(offer.id, { invitation: offer, org: null }).ok).toBe(false);
  expect(foundInvitation(offer.id, { invitation: null, org: acme }).ok).toBe(false);
});
