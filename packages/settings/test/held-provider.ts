import type { OrgId } from "@tenantry/core";
import type { KeptSetting, SettingsNews, SettingsProvider, SettingsSnapshot } from "../src/provider.ts";

/** A read that waits for its answer. */
export interface HeldLoad {
  readonly orgId: OrgId;
  answer(version: number): void;
  fail(error: Error): void;
}

/** A provider that answers when it is told to, with the organization's version as the value of `a`. */
export class HeldProvider implements SettingsProvider {
  readonly loads: HeldLoad[] = [];
  readonly handlers = new Set<(news: SettingsNews) => void>();
  changes = 0;

  load(orgId: OrgId): Promise<SettingsSnapshot> {
    return new Promise((resolve, reject) => {
      this.loads.push({ orgId, answer: (version) => resolve(snapshot(orgId, version)), fail: reject });
    });
  }

  async change(): Promise<readonly KeptSetting[]> {
    this.changes += 1;
    return [];
  }

  subscribe(handler: (news: SettingsNews) => void): () => void {
    this.handlers.add(handler);
    return () => this.handlers.delete(handler);
  }

  tell(news: SettingsNews): void {
    for (const handler of this.handlers) {
      handler(news);
    }
  }
}

function snapshot(orgId: OrgId, version: number): SettingsSnapshot {
  const updatedAt = new Date(0);
  return {
    orgId,
    version,
    settings: [{ key: "a", value: version, isSealed: false, seq: version, updatedAt, updatedBy: null }],
  };
}
