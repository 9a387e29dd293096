import { isTenancyError } from "@tenantry/core";
import { describe, expect, test } from "vitest";
import { alice, bob, carol, codeOf, idNo, openWorld, stranger, user, type World } from "../test/world.ts";
import { type Actor, isActiveTenant } from "./active-tenant.ts";
import type { TenantDirectory } from "./directory.ts";
import { errorBody, httpStatusOf } from "./http.ts";
import type { Requirement } from "./requirement.ts";

const header = { headers: { "x-tenant-id": "acme" } };
const routed = { host: "acme.example.com" };
const unknown = { headers: { "x-tenant-id": "nobody" } };
const service: Actor = { kind: "service", id: "billing" };
const project = { relation: "editor", objectType: "project", objectId: "42" };

/** What the guard says to a request: `null`, or the code. */
async function answer(
  world: World,
  said: object,
  actor: Actor | null,
  requirement?: Requirement,
): Promise<string | null> {
  const request = await world.open(said, actor);
  return codeOf(() => world.tenancy.guard.require(request, requirement));
}

describe("a member is required", () => {
  test("a good one is proved, with the organization and the role as they are now", async () => {
    const world = await openWorld();
    const request = await world.open(routed, user(bob));
    const active = await world.tenancy.guard.require(request);
    expect(active).toEqual({
      org: expect.objectContaining({ id: world.acme, slug: "acme", status: "active" }),
      actor: { kind: "user", id: bob },
      membership: { id: world.bobMemId, role: "member" },
      source: "subdomain",
      trust: "routed",
      requestId: null,
    });
    expect(isActiveTenant(active)).toBe(true);
    expect(Object.isFrozen(active) && Object.isFrozen(active.org) && Object.isFrozen(active.membership)).toBe(true);
    expect(isActiveTenant({ ...active })).toBe(false);
    expect(request.active).toBe(active);
  });

  test("each outsider and each fault has its answer", async () => {
    const world = await openWorld();
    expect(await answer(world, {}, user(bob))).toBe("tenant.missing");
    expect(await answer(world, routed, null)).toBe("tenant.unauthenticated");
    expect(await answer(world, routed, { kind: "anonymous" })).toBe("tenant.unauthenticated");
    expect(await answer(world, routed, user(stranger))).toBe("tenant.denied");
    expect(await answer(world, unknown, user(stranger))).toBe("tenant.denied");
    expect(await answer(world, unknown, null)).toBe("tenant.unresolved");
    expect(await answer(world, { headers: { "x-tenant-id": "" } }, user(bob))).toBe("tenant.invalid_reference");
    expect(await answer(world, routed, user(carol))).toBe("tenant.denied");
    await world.store.suspendMembership(world.bobMemId);
    expect(await answer(world, routed, user(bob))).toBe("tenant.denied");
    await world.store.suspendOrg(world.acme);
    world.tenancy.validator.invalidateAll();
    expect(await answer(world, routed, user(alice))).toBe("tenant.inactive");
    expect(await answer(world, routed, user(stranger))).toBe("tenant.denied");
    expect(await answer(world, routed, null)).toBe("tenant.unauthenticated");
  });

  test("a stranger gets the same bytes for what is not theirs, not active and not there", async () => {
    const world = await openWorld();
    await world.store.suspendOrg(world.beta);
    const bodies = new Set<string>();
    for (const slug of ["acme", "beta", "nobody", idNo("org", 5), world.beta]) {
      const request = await world.open({ headers: { "x-tenant-id": slug } }, user(stranger));
      const error = await world.tenancy.guard.require(request).catch((caught: unknown) => caught);
      bodies.add(isTenancyError(error) ? `${httpStatusOf(error)} ${JSON.stringify(errorBody(error))}` : "none");
    }
    expect([...bodies]).toEqual([expect.stringMatching(/^403 \{"code":"tenant.denied","message":"[^"]*"\}$/)]);
  });

  test("one who was removed a moment ago is out, whatever the token and the cache say", async () => {
    const world = await openWorld();
    const said = { claims: { tenant_id: world.acme } };
    expect(await answer(world, said, user(bob))).toBeNull();
    await world.store.adminRemove({ memId: world.bobMemId, adminUsrId: alice });
    expect(await answer(world, said, user(bob))).toBe("tenant.denied");
  });

  test("an organization that another process suspended is closed at once, and one that it reinstated open", async () => {
    const world = await openWorld();
    expect(await answer(world, routed, user(alice))).toBeNull();
    await world.store.suspendOrg(world.acme);
    expect(await answer(world, routed, user(alice))).toBe("tenant.inactive");
    world.tenancy.validator.invalidateAll();
    expect(await answer(world, routed, user(alice))).toBe("tenant.inactive");
    await world.store.reinstateOrg(world.acme);
    expect((await world.open(routed)).resolution.status).toBe("failed");
    expect(await answer(world, routed, user(alice))).toBeNull();
  });

  test("a service is let in on a verified claim alone", async () => {
    const world = await openWorld();
    expect(await answer(world, { claims: { tenant_id: world.acme } }, service)).toBeNull();
    expect(await answer(world, routed, service)).toBe("tenant.unauthenticated");
    expect(await answer(world, header, service)).toBe("tenant.unauthenticated");
    await world.store.suspendOrg(world.acme);
    expect(await answer(world, { claims: { tenant_id: world.acme } }, service)).toBe("tenant.unresolved");
  });

  test("one whom enterAs did not let in is a user, whatever they call themselves", async () => {
    const world = await openWorld();
    const operator: Actor = { kind: "operator", id: stranger, reason: "curious" };
    expect(await answer(world, routed, operator)).toBe("tenant.denied");
  });
});

describe("a member is optional", () => {
  const optional = { user: "optional" } as const;

  test("one who is a member is one, with everything that holds for members", async () => {
    const world = await openWorld();
    const active = await world.tenancy.guard.require(await world.open(header, user(bob)), optional);
    expect(active.membership).toEqual({ id: world.bobMemId, role: "member" });
    await world.store.suspendOrg(world.acme);
    expect(await answer(world, header, user(bob), optional)).toBe("tenant.inactive");
  });

  test("what the request was sent to serves anybody, a header alone nobody", async () => {
    const world = await openWorld();
    for (const actor of [null, user(stranger)]) {
      expect(await answer(world, routed, actor, optional)).toBeNull();
      expect(await answer(world, header, actor, optional)).toBe("tenant.unauthenticated");
      expect(await answer(world, { claims: { tenant_id: world.acme } }, actor, optional)).toBeNull();
    }
    expect(await answer(world, routed, service, optional)).toBe("tenant.unauthenticated");
    expect(await answer(world, { claims: { tenant_id: world.acme } }, service, optional)).toBeNull();
    const active = await world.tenancy.guard.require(await world.open(routed), optional);
    expect([active.actor, active.membership]).toEqual([{ kind: "anonymous" }, null]);
  });

  test("a tenant that is not active is unknown to the anonymous and denied to strangers", async () => {
    const world = await openWorld();
    await world.store.suspendOrg(world.acme);
    expect(await answer(world, routed, null, optional)).toBe("tenant.unresolved");
    expect(await answer(world, routed, user(stranger), optional)).toBe("tenant.denied");
  });

  test("a suspended member is none", async () => {
    const world = await openWorld();
    await world.store.suspendMembership(world.bobMemId);
    const active = await world.tenancy.guard.require(await world.open(routed, user(bob)), optional);
    expect(active.membership).toBeNull();
    expect(await answer(world, routed, user(bob), { ...optional, role: "guest" })).toBe("forbidden.role");
  });
});

test("where users are ignored nobody is looked at", async () => {
  const world = await openWorld();
  let asked = 0;
  const { tenancy } = world;
  const request = await world.open(routed, user(alice));
  Object.defineProperty(request, "actor", { value: () => (asked += 1) });
  const active = await tenancy.guard.require(request, { user: "ignored" });
  expect([asked, active.actor, active.membership]).toEqual([0, { kind: "anonymous" }, null]);
  expect(await answer(world, header, user(alice), { user: "ignored" })).toBe("tenant.unauthenticated");
  expect(await answer(world, routed, user(alice), { user: "ignored", role: "guest" })).toBe("forbidden.role");
});

describe("a place that is not ready", () => {
  const pending = (own: TenantDirectory): TenantDirectory => ({
    ...own,
    async standing(question) {
      const found = await own.standing(question);
      return { ...found, org: found.org && { ...found.org, placement: { strategy: "schema", state: "failed" } } };
    },
  });

  test("is told to members and to nobody else", async () => {
    const world = await openWorld({ wrap: pending });
    const optional = { user: "optional" } as const;
    expect(await answer(world, routed, user(bob))).toBe("isolation.not_provisioned");
    expect(await answer(world, routed, user(stranger))).toBe("tenant.denied");
    expect(await answer(world, routed, user(stranger), optional)).toBe("tenant.denied");
    expect(await answer(world, routed, null, optional)).toBe("isolation.not_provisioned");
  });
});

describe("a role", () => {
  test("means that rank or higher", async () => {
    const world = await openWorld();
    for (const [role, who, code] of [
      ["guest", bob, null],
      ["member", bob, null],
      ["admin", bob, "forbidden.role"],
      ["owner", bob, "forbidden.role"],
      ["owner", alice, null],
      ["guest", alice, null],
    ] as const) {
      expect([role, who, await answer(world, routed, user(who), { role })]).toEqual([role, who, code]);
    }
  });

  test("among several is one of them exactly, and both must hold where both are asked", async () => {
    const world = await openWorld();
    expect(await answer(world, routed, user(bob), { anyRole: ["member", "viewer"] })).toBeNull();
    expect(await answer(world, routed, user(alice), { anyRole: ["member", "viewer"] })).toBe("forbidden.role");
    expect(await answer(world, routed, user(bob), { role: "admin", anyRole: ["member"] })).toBe("forbidden.role");
    expect(await answer(world, routed, user(bob), { role: "guest", anyRole: ["member"] })).toBeNull();
  });

  test("without a rank ranks with nobody", async () => {
    const world = await openWorld();
    await world.store.addMember({ orgId: world.acme, usrId: stranger, role: "editor" });
    expect(await answer(world, routed, user(stranger), { role: "guest" })).toBe("forbidden.role");
    expect(await answer(world, routed, user(stranger), { anyRole: ["editor"] })).toBeNull();
  });

  test("is that of its tuple: without one the membership's word does not count", async () => {
    const without = (own: TenantDirectory): TenantDirectory => ({
      ...own,
      standing: async (question) => ({ ...(await own.standing(question)), roles: ["admin"] }),
    });
    const world = await openWorld({ wrap: without });
    expect(await answer(world, routed, user(bob))).toBeNull();
    for (const role of ["member", "admin"] as const) {
      expect(await answer(world, routed, user(bob), { anyRole: [role] })).toBe("forbidden.role");
    }
  });

  test("that changed a moment ago is the one that counts", async () => {
    const world = await openWorld();
    const said = { claims: { tenant_id: world.acme, role: "admin" } };
    expect(await answer(world, said, user(bob), { role: "admin" })).toBe("forbidden.role");
    const { id } = await world.store.changeRole({ memId: world.bobMemId, newRole: "admin" });
    expect(await answer(world, said, user(bob), { role: "admin" })).toBeNull();
    await world.store.changeRole({ memId: id, newRole: "guest" });
    expect(await answer(world, said, user(bob), { role: "admin" })).toBe("forbidden.role");
  });
});

test("a relation is asked of the tuples, live", async () => {
  const world = await openWorld();
  const expiresAt = new Date(Date.now() + 60_000);
  const offer = { orgId: world.acme, identifier: "x", role: "guest", invitedBy: alice, expiresAt } as const;
  const { id: invId } = await world.store.createInvitation({ ...offer, preTuples: [project] });
  await world.store.acceptInvitation({ invId, asUsrId: stranger, acceptingIdentifier: "x" });
  expect(await answer(world, routed, user(stranger), { relation: project })).toBeNull();
  expect(await answer(world, routed, user(bob), { relation: project })).toBe("forbidden.relation");
  expect(await answer(world, routed, user(stranger), { relation: { ...project, objectId: "43" } })).toBe(
    "forbidden.relation",
  );
  expect(await answer(world, routed, null, { user: "optional", relation: project })).toBe("forbidden.relation");
});

test("a token must name the tenant where that is asked", async () => {
  const world = await openWorld();
  const must = { tokenMustName: true };
  expect(await answer(world, { ...routed, claims: { tenant_id: world.acme } }, user(bob), must)).toBeNull();
  for (const claims of [null, {}, { sub: bob }, Object.create({ tenant_id: world.acme })]) {
    expect(await answer(world, { ...routed, claims }, user(bob), must)).toBe("tenant.token_rejected");
  }
  expect(await answer(world, { ...routed, claims: { tenant_id: world.beta } }, user(bob), must)).toBe(
    "tenant.conflict",
  );
  const bare = await openWorld({ config: { resolution: { resolvers: ["header"] } } });
  for (const tenant_id of [bare.beta, "acme", [bare.acme]]) {
    expect(await answer(bare, { ...header, claims: { tenant_id } }, user(bob), must)).toBe("tenant.token_rejected");
  }
  expect(await answer(bare, { ...header, claims: { tenant_id: bare.acme } }, user(bob), must)).toBeNull();
});

describe("a rule of the host's", () => {
  test("can only narrow, and only a plain yes is one", async () => {
    const world = await openWorld();
    expect(await answer(world, routed, user(bob), { authorize: () => true })).toBeNull();
    expect(await answer(world, routed, user(bob), { authorize: async () => false })).toBe("tenant.denied");
    expect(await answer(world, routed, user(bob), { authorize: () => "yes" as never })).toBe("tenant.denied");
    expect(await answer(world, routed, user(stranger), { authorize: () => true })).toBe("tenant.denied");
    expect(await answer(world, routed, user(bob), { role: "owner", authorize: () => true })).toBe("forbidden.role");
  });

  test("sees the proof and the request", async () => {
    const world = await openWorld();
    const request = await world.open({ ...routed, path: "/x" }, user(bob));
    const seen: unknown[] = [];
    const authorize: Requirement["authorize"] = (active, { path }) => seen.push(active, path) > 0;
    const active = await world.tenancy.guard.require(request, { authorize });
    expect(seen).toEqual([active, "/x"]);
    expect(seen[0]).toBe(active);
  });

  test("that fails lets nobody in", async () => {
    const world = await openWorld();
    const cause = new Error("secret");
    const authorize = () => {
      throw cause;
    };
    expect(await answer(world, routed, user(bob), { authorize })).toBe("tenant.resolver_failed");
    expect(world.failures).toEqual([{ source: "authorize", cause }]);
    const request = await world.open(routed, user(bob));
    await codeOf(() => world.tenancy.guard.require(request, { authorize }));
    expect(request.active).toBeNull();
  });
});

describe("the order of checks", () => {
  // Each row is wrong in everything that stands below it as well.
  const wrong: Requirement = { tokenMustName: true, role: "owner", relation: project, authorize: () => false };

  test("is that of the page", async () => {
    const world = await openWorld();
    const named = { ...routed, claims: { tenant_id: world.acme } };
    expect(await answer(world, unknown, null, wrong)).toBe("tenant.unresolved");
    expect(await answer(world, {}, null, wrong)).toBe("tenant.missing");
    expect(await answer(world, routed, null, wrong)).toBe("tenant.unauthenticated");
    expect(await answer(world, routed, user(stranger), wrong)).toBe("tenant.token_rejected");
    expect(await answer(world, named, user(stranger), wrong)).toBe("tenant.denied");
    expect(await answer(world, named, user(bob), wrong)).toBe("forbidden.role");
    expect(await answer(world, named, user(alice), wrong)).toBe("forbidden.relation");
    expect(await answer(world, named, user(alice), { authorize: () => false })).toBe("tenant.denied");
    await world.store.suspendOrg(world.acme);
    expect(await answer(world, named, user(stranger), wrong)).toBe("tenant.denied");
    expect(await answer(world, named, user(bob), wrong)).toBe("tenant.inactive");
  });
});

describe("every combination", () => {
  const fields = {
    role: [undefined, "member", "admin"],
    anyRole: [undefined, ["member"], ["owner"]],
    relation: [undefined, project],
    tokenMustName: [undefined, true],
    authorize: [undefined, () => true, () => false],
  } as const;

  test("of a requirement holds exactly if all of it does", async () => {
    const world = await openWorld();
    const combinations = Object.entries(fields).reduce<readonly Record<string, unknown>[]>(
      (all, [name, values]) => all.flatMap((one) => values.map((value) => ({ ...one, [name]: value }))),
      [{}],
    );
    expect(combinations).toHaveLength(108);
    for (const combination of combinations) {
      const asked = Object.entries(combination).filter(([, value]) => value !== undefined);
      // Bob is a member with a token of Acme, and edits nothing.
      const holds = asked.every(
        ([name, value]) =>
          (name === "role" && value === "member") ||
          (name === "anyRole" && (value as readonly string[])[0] === "member") ||
          (name === "tokenMustName" && value === true) ||
          (name === "authorize" && (value as () => boolean)()),
      );
      const code = await answer(
        world,
        { ...routed, claims: { tenant_id: world.acme } },
        user(bob),
        Object.fromEntries(asked),
      );
      expect([asked.map(([name]) => name), code === null]).toEqual([asked.map(([name]) => name), holds]);
    }
  });

  test.each([
    [{ roles: ["owner"] }],
    [{ user: "maybe" }],
    [{ role: "viewer" }],
    [{ role: "boss" }],
    [{ anyRole: [] }],
    [{ anyRole: ["boss"] }],
    [{ anyRole: "owner" }],
    [{ relation: "editor" }],
    [{ relation: { ...project, subject: "x" } }],
    [{ relation: { ...project, relation: "X" } }],
    [{ tokenMustName: "yes" }],
    [{ authorize: true }],
    [null],
    [7],
  ])("%j makes no sense", async (requirement) => {
    const world = await openWorld();
    const request = await world.open(routed, user(bob));
    expect(await codeOf(() => world.tenancy.guard.require(request, requirement as never))).toBe("config.invalid");
  });
});

describe("what it costs", () => {
  test("is one read, however many guards there are, and nobody is asked twice who they are", async () => {
    const world = await openWorld();
    await world.open(routed);
    const before = { ...world.asked };
    const request = await world.open(routed, user(alice));
    await world.tenancy.guard.require(request);
    await world.tenancy.guard.require(request, { role: "admin" });
    await Promise.all([
      world.tenancy.guard.require(request, { anyRole: ["owner"] }),
      world.tenancy.guard.require(request),
    ]);
    expect(world.asked).toEqual({ find: before.find, standing: before.standing + 1 });
  });

  test("is one more for a tuple that was not asked for at first, and none where it was", async () => {
    const world = await openWorld();
    const request = await world.open(routed, user(alice));
    await codeOf(() => world.tenancy.guard.require(request, { relation: project }));
    await world.tenancy.guard.require(request);
    expect(world.asked.standing).toBe(1);
    await codeOf(() => world.tenancy.guard.require(request, { relation: { ...project, objectId: "7" } }));
    expect(world.asked.standing).toBe(2);
  });

  test("is nothing where the request already says that it is refused", async () => {
    const world = await openWorld();
    for (const [said, actor] of [
      [{}, user(bob)],
      [unknown, user(bob)],
      [routed, null],
    ] as const) {
      await answer(world, said, actor);
    }
    expect(world.asked.standing).toBe(0);
  });
});

describe("somebody of whom nobody can tell who they are", () => {
  test.each([
    [{ kind: "user", id: "bob" }],
    [{ kind: "user" }],
    [{ kind: "service", id: "" }],
    [{ kind: "root", id: alice }],
    ["usr"],
  ])("%j is not let in", async (actor) => {
    const world = await openWorld();
    expect(await answer(world, { claims: { tenant_id: world.acme } }, actor as never)).toBe("tenant.resolver_failed");
    expect(await answer(world, routed, actor as never, { user: "optional" })).toBe("tenant.resolver_failed");
  });
});

test("a store that fails is not the sender's fault, and its cause goes to the log alone", async () => {
  const cause = new Error("secret");
  const broken = (own: TenantDirectory): TenantDirectory => ({ ...own, standing: () => Promise.reject(cause) });
  const world = await openWorld({ wrap: broken });
  const error = await world.tenancy.guard
    .require(await world.open(routed, user(bob)))
    .catch((caught: unknown) => caught);
  expect(error).toMatchObject({ code: "tenant.resolver_failed", details: { source: "directory" } });
  expect((error as Error).cause).toBeUndefined();
  expect(world.failures).toEqual([{ source: "directory", cause }]);
});

describe("staff of the host's", () => {
  const reason = "Ticket 7";

  function rules(mayEnter: boolean | (() => boolean) = true) {
    const entries: unknown[] = [];
    return {
      entries,
      operators: {
        mayEnter: () => (typeof mayEnter === "function" ? mayEnter() : mayEnter),
        recordEntry: async (entry: unknown) => void entries.push(entry),
      },
    };
  }

  test("enter without a membership, and it is written down", async () => {
    const { operators, entries } = rules();
    const world = await openWorld({ operators });
    const active = await world.tenancy.guard.enterAs(world.acme, { operator: stranger, reason });
    expect(active).toMatchObject({ actor: { kind: "operator", id: stranger, reason }, membership: null });
    expect(isActiveTenant(active)).toBe(true);
    expect(entries).toEqual([{ orgId: world.acme, operator: stranger, reason }]);
  });

  test("do not enter what is not active or not there, and that is no entry", async () => {
    const { operators, entries } = rules();
    const world = await openWorld({ operators });
    await world.store.suspendOrg(world.acme);
    const enter = (orgId: typeof world.acme) =>
      codeOf(() => world.tenancy.guard.enterAs(orgId, { operator: stranger, reason }));
    expect(await enter(world.acme)).toBe("tenant.inactive");
    expect(await enter(idNo("org", 5))).toBe("tenant.denied");
    expect(entries).toEqual([]);
  });

  test("do not enter unless they are on the list, or without rules, or without a reason", async () => {
    for (const operators of [rules(false).operators, rules(() => "yes" as never).operators, undefined]) {
      const world = await openWorld(operators === undefined ? {} : { operators });
      const enter = codeOf(() => world.tenancy.guard.enterAs(world.acme, { operator: stranger, reason }));
      expect(await enter).toBe("tenant.denied");
    }
    const world = await openWorld({ operators: rules().operators });
    for (const bad of ["", " ", "x".repeat(1025), 7 as never]) {
      const enter = codeOf(() => world.tenancy.guard.enterAs(world.acme, { operator: stranger, reason: bad }));
      expect(await enter).toBe("tenant.denied");
    }
  });

  test("do not enter if it could not be written down", async () => {
    const recordEntry = () => Promise.reject(new Error("full"));
    const world = await openWorld({ operators: { mayEnter: () => true, recordEntry } });
    const enter = codeOf(() => world.tenancy.guard.enterAs(world.acme, { operator: stranger, reason }));
    expect(await enter).toBe("tenant.resolver_failed");
  });
});
