import { PGlite } from "@electric-sql/pglite";
import { generate, type TenancyStore } from "@tenantry/core";
import { InMemoryTenancyStore } from "@tenantry/store-memory";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PostgresTenancyStore } from "../src/pg.ts";
import { migratePglite, PgliteTenancyStore } from "../src/pglite.ts";
import { type OpenPostgres, openPostgres } from "./open-postgres.ts";

// The first steps that the public package documents, on every store.

let database: OpenPostgres;
let embedded: PGlite;
beforeAll(async () => {
  database = await openPostgres();
  embedded = new PGlite();
  await migratePglite(embedded);
});
afterAll(async () => {
  await database.close();
  await embedded.close();
});

const stores: readonly (readonly [name: string, open: () => TenancyStore])[] = [
  ["memory", () => new InMemoryTenancyStore()],
  ["PGlite", () => new PgliteTenancyStore(embedded)],
  ["PostgreSQL", () => new PostgresTenancyStore(database.pool())],
];
for (const [name, open] of stores) {
  test(`an organization is founded, somebody is invited, accepts and rises, on ${name}`, async () => {
    const tenancy = open();
    const [alice, carol] = [generate("usr"), generate("usr")];

    const { org } = await tenancy.createOrg(alice);
    const invitation = await tenancy.createInvitation({
      orgId: org.id,
      identifier: "carol@example.com",
      role: "member",
      invitedBy: alice,
      expiresAt: new Date(Date.now() + 7 * 86_400_000),
    });
    const { membership } = await tenancy.acceptInvitation({
      invId: invitation.id,
      asUsrId: carol,
      acceptingIdentifier: "carol@example.com",
    });
    const promoted = await tenancy.changeRole({ memId: membership.id, newRole: "admin" });

    expect(promoted.replaces).toBe(membership.id);
    expect(promoted.role).toBe("admin");
    expect((await tenancy.getMembership(membership.id)).status).toBe("revoked");
  });
}
