import { storeDirectory, TenantValidator } from "@tenantry/context";
import { type DomainClaim, DomainDirectory } from "@tenantry/context/domains";
import { generate, isTenancyError, type OrgId, type Tenancy, type UsrId } from "@tenantry/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type OpenWorld, STORES } from "./stores.ts";

const alice: UsrId = generate("usr");
const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "accepted",
    (error: unknown) => (isTenancyError(error) ? error.code : String(error)),
  );

describe.each(Object.keys(STORES))("on %s", (name) => {
  let world: OpenWorld;
  let store: Tenancy;
  let domains: DomainDirectory;
  /** What the world's name servers answer. */
  const zone = new Map<string, readonly (string | readonly string[])[]>();
  const publish = ({ record }: DomainClaim): unknown => zone.set(record.name, ["v=spf1 -all", record.value]);
  let number = 0;
  const fresh = (): string => {
    number += 1;
    return `shop-${number}.example.org`;
  };
  const org = async (): Promise<OrgId> => (await store.createOrg(alice)).org.id;

  beforeAll(async () => {
    world = await (STORES[name] as (typeof STORES)[string])();
    store = world.store();
    const lookupTxt = async (host: string) => {
      const records = zone.get(host);
      if (records === undefined) {
        throw Object.assign(new Error("no such name"), { code: "ENOTFOUND" });
      }
      return records;
    };
    domains = new DomainDirectory(store, { lookupTxt, baseDomains: ["example.com"] });
  });
  afterAll(async () => {
    expect(await world.broken()).toEqual([]);
    await world.close();
  });

  test("a domain is claimed, proved and given up, each with its event", async () => {
    const [id, domain] = [await org(), fresh()];
    const claim = await domains.add(id, ` ${domain}`.trim().toUpperCase(), { actor: alice });
    expect(claim).toMatchObject({ orgId: id, domain, state: "pending", verifiedAt: null });
    expect(claim.record).toEqual({
      type: "TXT",
      name: `_tenantry.${domain}`,
      value: expect.stringMatching(/^tenantry-verify=[0-9a-f]{32}$/),
    });
    expect(await domains.add(id, domain)).toEqual(claim);
    expect(await domains.verify(id, domain)).toEqual(claim);
    expect(await domains.orgOf(domain)).toBeNull();
    publish(claim);
    const verified = await domains.verify(id, domain, { actor: alice });
    expect(verified).toEqual({ ...claim, state: "verified", verifiedAt: world.hands.now });
    expect(await domains.verify(id, domain)).toEqual(verified);
    expect(await domains.orgOf(domain)).toMatchObject({ id, version: 3 });
    expect(await domains.list(id)).toEqual({ data: [verified], nextCursor: null });
    expect(await domains.remove(id, domain)).toEqual(verified);
    expect(await domains.orgOf(domain)).toBeNull();
    expect(await codeOf(domains.remove(id, domain))).toBe("not_found");
    const events = (await store.listEvents(id, { after: 1 })).data;
    expect(events.map(({ type, data, actor }) => [type, data, actor])).toEqual([
      ["domain.added", { domain }, alice],
      ["domain.verified", { domain }, alice],
      ["domain.removed", { domain }, null],
    ]);
  });

  test("a claim that is not proved bars nobody, and one that is bars everybody", async () => {
    const [one, other, domain] = [await org(), await org(), fresh()];
    const [squatted, owned] = [await domains.add(one, domain), await domains.add(other, domain)];
    expect(squatted.record.value).not.toBe(owned.record.value);
    publish(owned);
    expect(await domains.verify(one, domain)).toMatchObject({ state: "pending" });
    expect(await domains.verify(other, domain)).toMatchObject({ state: "verified" });
    publish(squatted);
    const { version } = await store.getOrg(one);
    expect(await codeOf(domains.verify(one, domain))).toBe("conflict.domain");
    expect((await store.getOrg(one)).version).toBe(version);
    expect(await domains.orgOf(domain)).toMatchObject({ id: other });
    await domains.remove(other, domain);
    expect(await domains.verify(one, domain)).toMatchObject({ state: "verified" });
  });

  test("of several who prove a domain at once exactly one has it", async () => {
    const ids = await Promise.all([org(), org(), org(), org()]);
    for (const domain of [fresh(), fresh(), fresh(), fresh(), fresh()]) {
      const claims = await Promise.all(ids.map((id) => domains.add(id, domain)));
      // In pieces, as long records are published.
      const records = claims.map(({ record }) => [record.value.slice(0, 20), record.value.slice(20)]);
      let asked = 0;
      let go = (): void => {};
      const all = new Promise<void>((resolve) => {
        go = resolve;
      });
      const together = new DomainDirectory(store, {
        async lookupTxt() {
          asked += 1;
          if (asked === ids.length) {
            go();
          }
          await all;
          return records;
        },
      });
      const codes = await Promise.all(ids.map((id) => codeOf(together.verify(id, domain))));
      expect([...codes].sort()).toEqual(["accepted", "conflict.domain", "conflict.domain", "conflict.domain"]);
      expect(await domains.orgOf(domain)).toMatchObject({ id: ids[codes.indexOf("accepted")] });
    }
  });

  test("a claim that ended and began again since the look-up is not the one that was proved", async () => {
    const [id, domain] = [await org(), fresh()];
    const claim = await domains.add(id, domain);
    const slow = new DomainDirectory(store, {
      async lookupTxt() {
        await domains.remove(id, domain);
        await domains.add(id, domain);
        return [claim.record.value];
      },
    });
    expect(await slow.verify(id, domain)).toMatchObject({ state: "pending" });
  });

  test("an organization that ends gives its domains up; one that is suspended keeps them", async () => {
    const [one, other, domain] = [await org(), await org(), fresh()];
    publish(await domains.add(one, domain));
    await domains.verify(one, domain);
    await store.suspendOrg(one);
    expect(await domains.orgOf(domain)).toMatchObject({ id: one, status: "suspended" });
    expect(await domains.add(one, fresh())).toMatchObject({ state: "pending" });
    await store.revokeOrg(one);
    expect(await domains.orgOf(domain)).toBeNull();
    expect(await domains.list(one)).toEqual({ data: [], nextCursor: null });
    expect(await codeOf(domains.add(one, domain))).toBe("conflict.already_terminal");
    publish(await domains.add(other, domain));
    expect(await domains.verify(other, domain)).toMatchObject({ state: "verified" });
  });

  test("a list comes in pages, in the order of names", async () => {
    const id = await org();
    const names = ["a.example.net", "b-1.example.net", "b.example.net", "xn--mnchen-3ya.example.net"];
    for (const domain of names.toReversed()) {
      await domains.add(id, domain);
    }
    const first = await domains.list(id, { limit: 3 });
    expect(first.data.map(({ domain }) => domain)).toEqual(names.slice(0, 3));
    expect(first.nextCursor).toBe("b.example.net");
    const second = await domains.list(id, { limit: 3, cursor: first.nextCursor });
    expect(second.data.map(({ domain }) => domain)).toEqual(names.slice(3));
    expect(second.nextCursor).toBeNull();
    expect(await codeOf(domains.list(id, { cursor: "not a name" }))).toBe("precondition.invalid_cursor");
    expect(await codeOf(domains.list(generate("org")))).toBe("not_found");
  });

  test("keys replay and versions are expected, as for every mutation", async () => {
    const [id, domain] = [await org(), fresh()];
    expect(await codeOf(domains.add(id, domain, { expectedVersion: 7 }))).toBe("conflict.version");
    const claim = await domains.add(id, domain, { idempotencyKey: "k" });
    await domains.remove(id, domain);
    expect(await domains.add(id, domain, { idempotencyKey: "k" })).toEqual(claim);
    expect(await codeOf(domains.add(id, fresh(), { idempotencyKey: "k" }))).toBe("conflict.idempotency");
    expect(await codeOf(domains.verify(generate("org"), domain))).toBe("not_found");
    expect(await codeOf(domains.add(generate("org"), domain))).toBe("not_found");
  });

  test("a validator learns of a domain, and of its end, by the events", async () => {
    const [id, domain] = [await org(), fresh()];
    const validator = new TenantValidator(storeDirectory(store, { orgOfDomain: (host) => domains.orgOf(host) }));
    const end = store.subscribe((event) => validator.onEvent(event));
    const found = async () => (await validator.lookup({ kind: "domain", value: domain }))?.id ?? null;
    expect(await found()).toBeNull();
    publish(await domains.add(id, domain));
    expect(await found()).toBeNull();
    await domains.verify(id, domain);
    expect(await found()).toBe(id);
    await domains.remove(id, domain);
    expect(await found()).toBeNull();
    end();
  });

  test("a store that keeps no domains is refused", () => {
    const build = () => new DomainDirectory(world.store(["lifecycle"]), { lookupTxt: async () => [] });
    expect(build).toThrow(
      expect.objectContaining({ code: "config.capability_missing", details: { group: "domains" } }),
    );
  });
});
