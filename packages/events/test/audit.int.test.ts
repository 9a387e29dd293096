import {
  type EventType,
  generate,
  type OrgId,
  type Page,
  type Tenancy,
  type TenancyEvent,
  tracesOf,
} from "@tenantry/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type AuditQuery, createAudit, domainEntity, settingEntity } from "../src/index.ts";
import { brokenIn, type World, worlds } from "./worlds.ts";

const [alice, bob, carol] = [generate("usr"), generate("usr"), generate("usr")];

describe.each(Object.keys(worlds))("the audit of %s", (kind) => {
  let world: World;
  let store: Tenancy;
  let audit: ReturnType<typeof createAudit>;
  let orgId: OrgId;
  let other: OrgId;
  let events: readonly TenancyEvent[];
  let now = Date.UTC(2030, 0);
  const ids: Record<string, string> = {};

  beforeAll(async () => {
    world = await (worlds[kind] as () => Promise<World>)();
    store = world.store({
      clock: () => {
        now += 1000;
        return new Date(now);
      },
    });
    audit = createAudit(store);
    const created = await store.createOrg({ creator: alice, name: "Acme" });
    orgId = created.org.id;
    other = (await store.createOrg({ creator: bob })).org.id;
    await store.updateOrg({ orgId: other, name: "Other" }, { actor: alice });
    const member = await store.addMember({ orgId, usrId: bob, role: "member" }, { actor: alice });
    const admin = await store.changeRole({ memId: member.id, newRole: "admin" }, { actor: alice });
    const expiresAt = new Date(Date.UTC(2031, 0));
    const offer = { orgId, role: "guest", invitedBy: alice, expiresAt } as const;
    const open = await store.createInvitation({ ...offer, identifier: "open@example.com" });
    const withdrawn = await store.createInvitation({ ...offer, identifier: "gone@example.com" });
    await store.revokeInvitation({ invId: withdrawn.id, adminUsrId: bob });
    const declined = await store.createInvitation({ ...offer, identifier: "no@example.com" });
    await store.declineInvitation({ invId: declined.id });
    const boxed = await store.addMember({ orgId, usrId: carol, role: "viewer", expiresAt: new Date(now + 60_000) });
    for (let time = 0; time < 12; time += 1) {
      await store.updateOrg({ orgId, name: `Acme ${time}` }, { actor: time % 3 === 0 ? bob : alice });
    }
    now += 120_000;
    await store.expireMemberships({ orgId }, { actor: bob });
    await store.suspendMembership(admin.id, { actor: alice });
    await store.suspendOrg(orgId, { actor: bob });
    await store.reinstateOrg(orgId, { actor: alice });
    Object.assign(ids, {
      owner: created.ownerMembership.id,
      member: member.id,
      admin: admin.id,
      open: open.id,
      withdrawn: withdrawn.id,
      declined: declined.id,
      boxed: boxed.id,
    });
    events = (await store.listEvents(orgId, { limit: 200 })).data;
  }, 60_000);
  afterAll(async () => {
    // Events are cleared away here that no relay has discovered.
    expect(await brokenIn(world, ["audit"])).toEqual([]);
    await world.close();
  });

  /** All pages of a list. */
  async function all(list: (cursor: string | null) => Promise<Page<TenancyEvent>>): Promise<readonly TenancyEvent[]> {
    const found: TenancyEvent[] = [];
    let cursor: string | null = null;
    do {
      const page: Page<TenancyEvent> = await list(cursor);
      found.push(...page.data);
      cursor = page.nextCursor;
    } while (cursor !== null);
    return found;
  }
  const at = (place: number): Date => (events[place] as TenancyEvent).at;

  test("every list is what a fold of the events comes to, in either direction and page by page (E5)", async () => {
    const ENTITIES = [undefined, orgId, ids["member"], ids["open"], bob, generate("mem")];
    const TYPES: readonly (readonly EventType[] | undefined)[] = [
      undefined,
      ["org.updated"],
      ["org.updated", "membership.added", "org.revoked"],
    ];
    const SPANS = [{}, { from: at(4) }, { to: at(9) }, { from: at(3), to: at(14) }];
    for (const actor of [undefined, alice, bob, carol]) {
      for (const entity of ENTITIES) {
        for (const types of TYPES) {
          for (const span of SPANS) {
            const query = JSON.parse(JSON.stringify({ actor, entity, types })) as Partial<AuditQuery>;
            const expected = events.filter(
              (event) =>
                (actor === undefined || event.actor === actor) &&
                (types?.includes(event.type) ?? true) &&
                (entity === undefined || tracesOf(orgId, event).some((trace) => trace.entity === entity)) &&
                (!("from" in span) || event.at >= (span.from as Date)) &&
                (!("to" in span) || event.at < (span.to as Date)),
            );
            const found = await all((cursor) => audit.list({ org: orgId, limit: 5, ...query, ...span, cursor }));
            expect(found).toEqual(expected);
            const back = await all((cursor) =>
              audit.list({ org: orgId, limit: 7, newestFirst: true, ...query, ...span, cursor }),
            );
            expect(back).toEqual(expected.toReversed());
          }
        }
      }
    }
  });

  test("what somebody did anywhere is told by time", async () => {
    const found = await all((cursor) => audit.byActor(alice, { limit: 3, cursor }));
    const elsewhere = (await store.listEvents(other)).data;
    const own = [...events, ...elsewhere].filter(({ actor }) => actor === alice);
    expect(found).toEqual(own.toSorted((a, b) => a.at.getTime() - b.at.getTime()));
    const back = await all((cursor) => audit.byActor(alice, { limit: 4, cursor, newestFirst: true }));
    expect(back).toEqual(found.toReversed());
    expect((await audit.byActor(generate("usr"))).data).toEqual([]);
  });

  test("attribution follows from the events", async () => {
    const unknown = generate("mem");
    const found = await audit.attribution([
      ...Object.values(ids),
      orgId,
      unknown,
      alice,
      settingEntity(orgId, "theme"),
    ]);
    const of = (name: string) => found.get(ids[name] ?? name);
    const when = (type: string, place = 0): Date =>
      (events.filter((event) => event.type === type).at(place) as TenancyEvent).at;
    expect([...found.keys()].sort()).toEqual([...Object.values(ids), orgId].sort());
    expect(of("owner")).toMatchObject({
      createdBy: alice,
      createdAt: when("org.created"),
      deletedBy: null,
      deletedAt: null,
    });
    const changed = when("membership.role_changed");
    expect(of("member")).toEqual({
      createdBy: alice,
      createdAt: when("membership.added"),
      updatedBy: alice,
      updatedAt: changed,
      deletedBy: alice,
      deletedAt: changed,
    });
    expect(of("admin")).toMatchObject({ createdAt: changed, updatedAt: when("membership.suspended"), deletedAt: null });
    expect(of("open")).toMatchObject({ createdBy: alice, deletedBy: null, deletedAt: null });
    expect(of("withdrawn")).toMatchObject({ deletedBy: bob, deletedAt: when("invitation.revoked") });
    expect(of("declined")).toMatchObject({ updatedAt: when("invitation.declined"), deletedAt: null });
    // It ended by the clock, whoever wrote that down.
    expect(of("boxed")).toMatchObject({ deletedBy: null, updatedBy: null, deletedAt: when("membership.expired") });
    expect(found.get(orgId)).toEqual({
      createdBy: alice,
      createdAt: when("org.created"),
      updatedBy: alice,
      updatedAt: when("org.reinstated"),
      deletedBy: null,
      deletedAt: null,
    });
  });

  test("what is ended with its organization was deleted by who ended that", async () => {
    const { org, ownerMembership } = await store.createOrg(carol);
    const offer = { orgId: org.id, role: "guest", invitedBy: carol } as const;
    const open = await store.createInvitation({
      ...offer,
      identifier: "a@example.com",
      expiresAt: new Date(now + 3_600_000),
    });
    const lapsed = await store.createInvitation({
      ...offer,
      identifier: "b@example.com",
      expiresAt: new Date(now + 5000),
    });
    const declined = await store.createInvitation({
      ...offer,
      identifier: "c@example.com",
      expiresAt: new Date(now + 3_600_000),
    });
    await store.declineInvitation({ invId: declined.id });
    now += 10_000;
    await store.revokeOrg(org.id, { actor: bob });
    const found = await audit.attribution([org.id, ownerMembership.id, open.id, lapsed.id, declined.id]);
    const deleted = [org.id, ownerMembership.id, open.id, lapsed.id, declined.id].map((id) => found.get(id)?.deletedBy);
    expect(deleted).toEqual([bob, bob, bob, null, null]);
  });

  test("what is no query is refused before anything is asked", async () => {
    const bad = (query: object) => audit.list({ org: orgId, ...query } as AuditQuery);
    await expect(bad({ org: "acme" })).rejects.toMatchObject({ code: "invalid_id" });
    await expect(bad({ org: generate("org") })).rejects.toMatchObject({ code: "not_found" });
    await expect(bad({ entity: "x'; drop table" })).rejects.toMatchObject({ code: "precondition.invalid_input" });
    await expect(bad({ types: ["nonsense"] })).rejects.toMatchObject({ code: "precondition.invalid_input" });
    await expect(bad({ colour: "red" })).rejects.toMatchObject({ code: "precondition.invalid_input" });
    await expect(bad({ limit: 201 })).rejects.toMatchObject({ code: "precondition.invalid_limit" });
    await expect(bad({ from: "yesterday" })).rejects.toMatchObject({ code: "precondition.invalid_date" });
    for (const cursor of ["s", "s1'", "t1.2", "x".repeat(1_000_000), 7, "s99999999999999999999"]) {
      await expect(bad({ cursor })).rejects.toMatchObject({ code: "precondition.invalid_cursor" });
    }
    await expect(audit.byActor(alice, { cursor: "s1" })).rejects.toMatchObject({ code: "precondition.invalid_cursor" });
    const { proxy: gone, revoke } = Proxy.revocable([], {});
    revoke();
    // biome-ignore lint/suspicious/noSparseArray: a hole is no entity.
    const holed = [, alice];
    for (const entities of [[], Array.from({ length: 201 }, () => generate("mem")), ["x"], "x", holed, gone]) {
      await expect(audit.attribution(entities as string[])).rejects.toMatchObject({
        code: "precondition.invalid_input",
      });
    }
    const most = await audit.attribution(Array.from({ length: 200 }, () => generate("mem")));
    expect(most.size).toBe(0);
    expect(() => createAudit(world.store({ groups: [] }))).toThrow(
      expect.objectContaining({ code: "config.capability_missing", details: { group: "audit" } }),
    );
    expect(domainEntity(orgId, "acme.example")).toBe(`domain:${orgId}:acme.example`);
  });

  test("pruning deletes the oldest events, and attribution reaches as far as the events do", async () => {
    const alone = createAudit(world.store({ groups: ["audit"] }));
    await expect(alone.prune({ before: "now" as never })).rejects.toMatchObject({ code: "precondition.invalid_date" });
    expect(await alone.prune({ before: new Date(0) })).toEqual({ removed: 0 });
    const { removed } = await alone.prune({ before: at(6) });
    expect(removed).toBe(7 + 1);
    expect((await store.listEvents(orgId)).data).toEqual(events.slice(6, 56));
    expect((await audit.list({ org: orgId, limit: 200 })).data).toEqual(events.slice(6));
    const found = await audit.attribution([ids["member"] ?? "", ids["open"] ?? "", orgId]);
    expect([...found.keys()]).not.toContain(ids["member"]);
    expect(found.get(orgId)?.createdAt).toEqual(events.slice(6).find(({ type }) => type === "org.updated")?.at);
    await store.updateOrg({ orgId, name: "still numbered" });
    expect((await store.listEvents(orgId, { limit: 200 })).data.at(-1)?.seq).toBe(events.length + 1);
  });
});
