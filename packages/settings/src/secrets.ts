import { ConfigError, type OrgId } from "@tenantry/core";
import type { Sealer } from "@tenantry/core/seal";
import { parsed } from "./json-value.ts";
import type { KeptSetting } from "./provider.ts";

/** Seals values for the setting and the organization that they are of: moved to another row, none opens. */
export class Secrets {
  readonly #sealer: Sealer | null;

  constructor(sealer: Sealer | null) {
    this.#sealer = sealer;
  }

  seal(orgId: OrgId, key: string, json: string): Promise<string> {
    return this.#ring.seal(json, purposeOf(orgId, key));
  }

  /** The JSON that was sealed. */
  async open(orgId: OrgId, key: string, sealed: KeptSetting["value"]): Promise<string> {
    const secret = await this.#ring.open(sealed as string, purposeOf(orgId, key));
    return secret.reveal();
  }

  /** Whether a sealed text is of this value. One that does not open is of none. */
  async isOf(orgId: OrgId, key: string, sealed: KeptSetting["value"], json: string): Promise<boolean> {
    try {
      return JSON.stringify(parsed(await this.open(orgId, key, sealed))) === json;
    } catch {
      return false;
    }
  }

  isCurrent(sealed: KeptSetting["value"]): boolean {
    return this.#ring.isCurrent(sealed as string);
  }

  get #ring(): Sealer {
    if (this.#sealer === null) {
      throw new ConfigError("config.invalid", {
        faults: [{ path: "settings.sealer", expected: "a sealer, since there are secrets" }],
      });
    }
    return this.#sealer;
  }
}

function purposeOf(orgId: OrgId, key: string): { readonly purpose: string; readonly orgId: OrgId } {
  return { purpose: `setting:${key}`, orgId };
}
