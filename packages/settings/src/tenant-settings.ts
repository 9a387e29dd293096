import {
  ConfigError,
  type CreateOptions,
  type CreateOrgInput,
  type CreateOrgResult,
  errorFor,
  isTenancyError,
  type JsonValue,
  type MutationOptions,
  type OrgId,
  SettingsError,
  type TenancyError,
  type UsrId,
} from "@tenantry/core";
import { fields, flagArgument, idArgument } from "@tenantry/core/extend";
import type { Sealer } from "@tenantry/core/seal";
import { MOST_KEYS } from "./change-settings.ts";
import {
  checked,
  type Declarations,
  type Declared,
  type Effective,
  type Input,
  type Key,
  type Overrides,
  type Value,
} from "./declaration.ts";
import { parsed, plainObject } from "./json-value.ts";
import { keyArgument } from "./key.ts";
import { prepared } from "./prepared.ts";
import type { KeptSetting, NewSetting, SettingsProvider, SettingsSnapshot } from "./provider.ts";
import { judged } from "./schema.ts";
import { Secrets } from "./secrets.ts";
import { REDACTED } from "./trace.ts";

export interface SettingsOptions<Open extends boolean = boolean> {
  /** What secrets are sealed with: `createSealer` of `@tenantry/core/seal`. Needed where one is declared. */
  readonly sealer?: Sealer;
  /** Whether there may be settings that are not declared: any JSON. Default `false`. */
  readonly openKeys?: Open;
  /** What is answered for a value that its schema takes no more: an error, or the default. Default `"error"`. */
  readonly onInvalid?: "error" | "default";
  /** Told of each value that was passed over because of `onInvalid: "default"`. Default: nobody is. */
  readonly report?: (error: TenancyError, orgId: OrgId) => void;
}

/** A value that an organization has of its own. */
export interface Setting {
  readonly key: string;
  /** Frozen, objects in it without a prototype. Of a secret `[redacted]`. */
  readonly value: JsonValue;
  /** The number of the event that wrote it. */
  readonly seq: number;
  readonly updatedAt: Date;
  /** The `actor` of that. */
  readonly updatedBy: UsrId | null;
}

/** What holds for an organization at one instant. Frozen: what changes later is not seen in it. */
export interface EffectiveSettings<D extends Declarations> {
  readonly orgId: OrgId;
  /** The organization's version. */
  readonly version: number;
  readonly values: Effective<D>;
}

/** Checked values for an organization that is not there yet. */
export interface PreparedSettings {
  /**
   * Founds an organization in this store that has them from the beginning: one commit, whose second event is `setting.changed`.
   * Throws what `createOrg` throws. A repeat with its idempotency key writes nothing and answers what was founded; of secrets the
   * key tells only that they are some. `null`: they are kept elsewhere.
   */
  founding(store: object): ((input: CreateOrgInput, options?: CreateOptions) => Promise<CreateOrgResult>) | null;
  /** Writes them as `setMany` does. */
  write(orgId: OrgId, options?: MutationOptions): Promise<readonly Setting[]>;
}

/** A value that its schema takes. */
interface Ready {
  readonly key: string;
  readonly json: string;
  readonly value: JsonValue;
  readonly declared: Declared | null;
}

/** Something stored that cannot be answered. */
export interface Unsound {
  readonly key: string;
  readonly code: "settings.unknown_key" | "settings.stored_invalid" | "isolation.key_unknown" | "isolation.seal_broken";
}

/**
 * Settings of organizations. Whoever calls it has been authorised: it asks for no permission. What it answers is deeply frozen.
 * Reads throw `SettingsError` `settings.invalid_key`, `.unknown_key`, `.stored_invalid`, and `NotFoundError` `not_found`.
 */
export class TenantSettings<const D extends Declarations, Open extends boolean = false> {
  readonly #provider: SettingsProvider;
  readonly #declared: ReadonlyMap<string, Declared>;
  readonly #secrets: Secrets;
  readonly #isOpen: boolean;
  readonly #onInvalid: "error" | "default";
  readonly #report: (error: TenancyError, orgId: OrgId) => void;

  /** Throws `ConfigError` `config.invalid`. */
  constructor(provider: SettingsProvider, settings: D, options: SettingsOptions<Open> = {}) {
    this.#provider = provider;
    this.#declared = checked(settings);
    const { sealer, openKeys, onInvalid, report } = checkedOptions(options ?? {}, this.#declared);
    this.#secrets = new Secrets(sealer ?? null);
    this.#isOpen = openKeys ?? false;
    this.#onInvalid = onInvalid ?? "error";
    this.#report = report ?? (() => {});
  }

  /** Whether the value of a key is sealed and shown by nothing but `get`; `false` of what is not declared. */
  isSecret(key: string): boolean {
    return this.#declared.get(key)?.secret ?? false;
  }

  /**
   * What the organization has of its own, else the default, else `undefined`. Opens a secret; throws `IsolationError`
   * `isolation.key_unknown`, `isolation.seal_broken` where that fails. `fresh`: whatever is remembered.
   */
  async get<K extends Key<D, Open>>(
    orgId: OrgId,
    key: K,
    options: { readonly fresh?: boolean } = {},
  ): Promise<Value<D, K>> {
    const name = keyArgument(key);
    const { fresh } = fields(options, ["fresh"]);
    const declared = this.#declarationOf(name);
    const snapshot = await this.#provider.load(orgId, { fresh: flagArgument(fresh, "fresh") });
    const kept = snapshot.settings.find((setting) => setting.key === name);
    const own = kept === undefined ? null : await this.#own(snapshot, kept, declared);
    return (own === null ? declared?.default : own.value) as Value<D, K>;
  }

  /** What the organization has of its own, secrets as `[redacted]`. */
  async getAll(orgId: OrgId): Promise<Overrides<D>> {
    const snapshot = await this.#provider.load(orgId);
    return plainObject(await this.#shown(snapshot)) as Overrides<D>;
  }

  /** The defaults with what the organization has of its own on top, key by key; secrets as `[redacted]`. */
  async effective(orgId: OrgId): Promise<EffectiveSettings<D>> {
    const snapshot = await this.#provider.load(orgId);
    const values = new Map<string, JsonValue>();
    for (const [key, declared] of this.#declared) {
      if (declared.default !== undefined) {
        values.set(key, declared.default);
      }
    }
    for (const [key, value] of await this.#shown(snapshot)) {
      values.set(key, value);
    }
    const { orgId: id, version } = snapshot;
    return Object.freeze({ orgId: id, version, values: plainObject(values) as Effective<D> });
  }

  /**
   * Gives the organization a value of its own: what the schema makes of it is stored. An equal value writes nothing. Throws, in
   * this order, `SettingsError` `settings.invalid_key`, `.invalid_value` (no plain JSON), `.too_large` (more than 65,536 bytes
   * or 32 levels), `.unknown_key`, `.invalid_value` (the schema), what every mutation throws, `AlreadyTerminalError`
   * `conflict.already_terminal`, and `settings.too_large` for more than 200 keys or 1,048,576 bytes of an organization.
   * Two round trips; a secret is looked at before, which takes a third one.
   */
  async set<K extends Key<D, Open>>(
    orgId: OrgId,
    key: K,
    value: Input<D, K>,
    options?: MutationOptions,
  ): Promise<Setting> {
    const [setting] = await this.#write(orgId, await this.#ready([[key, value]]), options);
    return setting as Setting;
  }

  /** The same of several values in one commit with one event. Answers them by key. */
  async setMany(
    orgId: OrgId,
    values: { readonly [K in Key<D, Open>]?: Input<D, K> },
    options?: MutationOptions,
  ): Promise<readonly Setting[]> {
    return this.#write(orgId, await this.#ready(entriesOf(values)), options);
  }

  /**
   * The same for an organization that is not founded yet: values are checked now. Throws what `setMany` throws of values.
   */
  async prepare(
    values: {
      readonly [K in Key<D, Open>]?: Input<D, K>;
    },
  ): Promise<PreparedSettings> {
    const ready = await this.#ready(entriesOf(values));
    return {
      founding: (store) => {
        const found = this.#provider.founding?.(store) ?? null;
        return (
          found && ((input, options) => found(input, async (id) => (await this.#new(id, ready, null)).set, options))
        );
      },
      write: (orgId, options) => this.#write(orgId, ready, options),
    };
  }

  /** Leaves the organization without a value of its own. Where it has none nothing is written. */
  async unset(orgId: OrgId, key: Key<D, Open>, options?: MutationOptions): Promise<void> {
    const name = keyArgument(key);
    const declared = this.#declared.get(name);
    const unset = { key: name, isSealed: declared?.secret ?? false, audit: declared?.audit ?? "values" };
    await this.#provider.change(orgId, { unset }, options);
  }

  /** What is stored and cannot be answered, by key: not declared any more, refused by its schema, or sealed for good. */
  async check(orgId: OrgId): Promise<readonly Unsound[]> {
    const snapshot = await this.#provider.load(orgId, { fresh: true });
    const unsound: Unsound[] = [];
    for (const kept of snapshot.settings) {
      const code = await this.#problemOf(snapshot.orgId, kept);
      if (code !== null) {
        unsound.push(Object.freeze({ key: kept.key, code }));
      }
    }
    return Object.freeze(unsound);
  }

  /**
   * Seals with the first key of the ring what is sealed with another one, and secrets that were stored before they were
   * declared as such, in one commit. Answers how many there were. Throws `VersionConflictError` `conflict.version` where the
   * organization changed meanwhile: call it again.
   */
  async rewrap(orgId: OrgId, options: Pick<MutationOptions, "actor"> = {}): Promise<number> {
    const { orgId: id, version, settings } = await this.#provider.load(orgId, { fresh: true });
    const set: NewSetting[] = [];
    for (const kept of settings) {
      const { key, isSealed } = kept;
      if (isSealed ? !this.#secrets.isCurrent(kept.value) : this.#isSecret(kept)) {
        const json = isSealed ? await this.#secrets.open(id, key, kept.value) : JSON.stringify(kept.value);
        set.push({ key, value: await this.#secrets.seal(id, key, json), isSealed: true, audit: "none" });
      }
    }
    if (set.length > 0) {
      await this.#provider.change(id, { set }, { ...options, expectedVersion: version });
    }
    return set.length;
  }

  async #ready(entries: readonly (readonly [unknown, unknown])[]): Promise<readonly Ready[]> {
    const ready: Ready[] = [];
    for (const [name, value] of entries) {
      const key = keyArgument(name);
      const { output, declared } = await prepared(key, value, {
        isSecret: this.#declared.get(key)?.secret === true,
        declaration: () => this.#declarationOf(key),
      });
      ready.push({ key, json: output.json, value: output.value, declared });
    }
    return ready;
  }

  async #write(
    orgId: OrgId,
    ready: readonly Ready[],
    options: MutationOptions | undefined,
  ): Promise<readonly Setting[]> {
    const id = idArgument("org", orgId);
    const secrets = ready.filter(({ declared }) => declared?.secret === true);
    const before = secrets.length === 0 ? null : await this.#provider.load(id, { fresh: true });
    const { set, texts } = await this.#new(id, ready, before);
    const kept = await this.#provider.change(id, { set }, options);
    for (const { key, value } of kept) {
      const text = texts.get(key);
      // A used idempotency key answers what it stands for. Only opened can that be told from what was asked for now.
      if (text !== undefined && text.sealed !== value && !(await this.#secrets.isOf(id, key, value, text.json))) {
        throw errorFor("conflict.idempotency", { reason: "mismatch" });
      }
    }
    return Object.freeze(kept.map((one) => this.#settingOf(one)));
  }

  /** What is to be stored, secrets sealed; of those what they say, by key. */
  async #new(
    orgId: OrgId,
    ready: readonly Ready[],
    before: SettingsSnapshot | null,
  ): Promise<{
    readonly set: readonly NewSetting[];
    readonly texts: ReadonlyMap<string, { readonly json: string; readonly sealed: string }>;
  }> {
    const texts = new Map<string, { readonly json: string; readonly sealed: string }>();
    for (const { key, json } of ready.filter(({ declared }) => declared?.secret === true)) {
      texts.set(key, { json, sealed: await this.#sealed(orgId, key, json, before) });
    }
    const set = ready.map(({ key, value, declared }): NewSetting => {
      const audit = declared?.audit ?? "values";
      return { key, value: texts.get(key)?.sealed ?? value, isSealed: texts.has(key), audit };
    });
    return { set, texts };
  }

  /** A secret that is stored already stays as it is, so that nothing is written. */
  async #sealed(orgId: OrgId, key: string, json: string, before: SettingsSnapshot | null): Promise<string> {
    const kept = before?.settings.find((setting) => setting.key === key);
    return kept?.isSealed === true && (await this.#secrets.isOf(orgId, key, kept.value, json))
      ? (kept.value as string)
      : this.#secrets.seal(orgId, key, json);
  }

  #declarationOf(key: string): Declared | null {
    const declared = this.#declared.get(key);
    if (declared === undefined && !this.#isOpen) {
      throw new SettingsError("settings.unknown_key", { key });
    }
    return declared ?? null;
  }

  /** The value of an override; `null` where its schema takes it no more and it is passed over. */
  async #own(
    { orgId }: SettingsSnapshot,
    kept: KeptSetting,
    declared: Declared | null,
  ): Promise<{ readonly value: JsonValue } | null> {
    const { key, isSealed } = kept;
    const json = isSealed ? await this.#secrets.open(orgId, key, kept.value) : JSON.stringify(kept.value);
    if (declared === null) {
      return { value: parsed(json) };
    }
    const answer = await judged(declared.schema, json);
    if (answer.ok) {
      return answer.output;
    }
    const error = new SettingsError("settings.stored_invalid", { key });
    if (this.#onInvalid === "error") {
      throw error;
    }
    this.#tell(error, orgId);
    return null;
  }

  /** What there is of an organization's own, by key, where nothing is opened. */
  async #shown(snapshot: SettingsSnapshot): Promise<ReadonlyMap<string, JsonValue>> {
    const shown = new Map<string, JsonValue>();
    for (const kept of snapshot.settings) {
      const declared = this.#declared.get(kept.key) ?? null;
      if (declared !== null || this.#isOpen) {
        const own = this.#isSecret(kept) ? { value: REDACTED } : await this.#own(snapshot, kept, declared);
        if (own !== null) {
          shown.set(kept.key, own.value);
        }
      }
    }
    return shown;
  }

  async #problemOf(orgId: OrgId, kept: KeptSetting): Promise<Unsound["code"] | null> {
    const declared = this.#declared.get(kept.key);
    if (declared === undefined && !this.#isOpen) {
      return "settings.unknown_key";
    }
    try {
      const json = kept.isSealed ? await this.#secrets.open(orgId, kept.key, kept.value) : JSON.stringify(kept.value);
      const isSound = declared === undefined || (await judged(declared.schema, json)).ok;
      return isSound ? null : "settings.stored_invalid";
    } catch (error) {
      if (isTenancyError(error, "isolation.key_unknown") || isTenancyError(error, "isolation.seal_broken")) {
        return error.code;
      }
      throw error;
    }
  }

  #settingOf(kept: KeptSetting): Setting {
    const { key, seq, updatedAt, updatedBy } = kept;
    const value = this.#isSecret(kept) ? REDACTED : kept.value;
    return Object.freeze({ key, value, seq, updatedAt: new Date(updatedAt.getTime()), updatedBy });
  }

  #isSecret({ key, isSealed }: KeptSetting): boolean {
    return isSealed || this.#declared.get(key)?.secret === true;
  }

  /** A report that fails, at once or later, must not become the answer. */
  #tell(error: TenancyError, orgId: OrgId): void {
    void (async () => this.#report(error, orgId))().catch(() => {});
  }
}

const OPTIONS: readonly string[] = ["sealer", "openKeys", "onInvalid", "report"];

function checkedOptions<O extends SettingsOptions>(options: O, declared: ReadonlyMap<string, Declared>): O {
  const given = (options ?? {}) as Readonly<Record<string, unknown>>;
  const { sealer, openKeys, onInvalid, report } = given;
  const needsSealer = [...declared.values()].some(({ secret }) => secret);
  const faults = [
    {
      path: "settings",
      expected: "no other options",
      isSound: Object.keys(given).every((key) => OPTIONS.includes(key)),
    },
    {
      path: "settings.sealer",
      expected: "a sealer, since there are secrets",
      isSound: isSealer(sealer) || (sealer === undefined && !needsSealer),
    },
    {
      path: "settings.openKeys",
      expected: "true or false",
      isSound: openKeys === undefined || typeof openKeys === "boolean",
    },
    {
      path: "settings.onInvalid",
      expected: "error or default",
      isSound: [undefined, "error", "default"].includes(onInvalid as undefined),
    },
    { path: "settings.report", expected: "a function", isSound: report === undefined || typeof report === "function" },
  ].flatMap(({ isSound, ...fault }) => (isSound ? [] : [fault]));
  if (faults.length > 0) {
    throw new ConfigError("config.invalid", { faults: Object.freeze(faults) });
  }
  return options;
}

function isSealer(value: unknown): value is Sealer {
  const { seal, open } = (value ?? {}) as Partial<Sealer>;
  return typeof seal === "function" && typeof open === "function";
}

/** The own entries of what a caller gave. More than there may be are not looked at. */
function entriesOf(values: unknown): readonly (readonly [unknown, unknown])[] {
  if (typeof values !== "object" || values === null) {
    throw errorFor("precondition.invalid_input", { key: "values" });
  }
  let keys: readonly (string | symbol)[];
  try {
    keys = Reflect.ownKeys(values);
  } catch {
    throw errorFor("precondition.invalid_input", { key: "values" });
  }
  if (keys.length > MOST_KEYS) {
    throw new SettingsError("settings.too_large", { key: null, what: "keys", limit: MOST_KEYS });
  }
  return keys.map((key) => [key, readFrom(values, key)] as const);
}

/** A getter or a trap that throws gives no value: what comes of it is refused under its key. */
function readFrom(values: object, key: string | symbol): unknown {
  try {
    return (values as Readonly<Record<string | symbol, unknown>>)[key];
  } catch {
    return undefined;
  }
}
