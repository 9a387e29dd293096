import type { OrgId, Read, SettingStock, StoredSetting, Tables } from "@tenantry/core";
import { compare, type Undo } from "./rows.ts";

/** What organizations have of their own, by key. */
export class Settings {
  readonly #orgs = new Map<OrgId, Map<string, StoredSetting>>();

  list({ orgId, keys }: Read<"settings">): StoredSetting[] {
    const rows = [...this.#of(orgId).values()].filter(({ key }) => keys?.includes(key) ?? true);
    return rows.sort((a, b) => compare(a.key, b.key));
  }

  stock({ orgId, except }: Read<"settingStock">): SettingStock {
    const others = [...this.#of(orgId).values()].filter(({ key }) => !except.includes(key));
    return { keys: others.length, bytes: others.reduce((sum, { bytes }) => sum + bytes, 0) };
  }

  all(): NonNullable<Tables["setting"]> {
    return [...this.#orgs.keys()]
      .sort(compare)
      .flatMap((orgId) => this.list({ read: "settings", orgId, keys: null }).map((row) => ({ orgId, ...row })));
  }

  put(orgId: OrgId, row: StoredSetting, undo: Undo): void {
    this.#exchange(orgId, row.key, row, undo);
  }

  delete(orgId: OrgId, key: string, undo: Undo): void {
    this.#exchange(orgId, key, undefined, undo);
  }

  #exchange(orgId: OrgId, key: string, row: StoredSetting | undefined, undo: Undo): void {
    const rows = this.#orgs.get(orgId) ?? new Map<string, StoredSetting>();
    this.#orgs.set(orgId, rows);
    const before = rows.get(key);
    place(rows, key, row);
    undo.push(() => place(rows, key, before));
  }

  #of(orgId: OrgId): ReadonlyMap<string, StoredSetting> {
    return this.#orgs.get(orgId) ?? NONE;
  }
}

const NONE: ReadonlyMap<string, StoredSetting> = new Map();

function place(rows: Map<string, StoredSetting>, key: string, row: StoredSetting | undefined): void {
  if (row === undefined) {
    rows.delete(key);
  } else {
    rows.set(key, row);
  }
}
