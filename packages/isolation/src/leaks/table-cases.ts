import { quoted } from "../identifier.ts";
import { type Bench, insertion, type LeakCase, type LeakRow, leak } from "./bench.ts";

const REFUSED = "42501";

/** What is tried on one table. Whatever is written, the other's rows stay byte for byte what they were. */
export function tableCases(bench: Bench, table: string): readonly LeakCase[] {
  const at = bench.at(table);
  const { column, a, b } = bench;
  const others = bench.value(b);
  const { orgColumn } = bench.options.tables;
  const ownOf = (uuid: string): LeakRow => {
    const { [orgColumn]: _, ...row } = bench.options.rows[table]?.((other) => bench.row(uuid, other)) ?? {};
    return row;
  };
  const attempt = (name: string, work: () => Promise<void>): LeakCase => ({
    name: `${table}: ${name}`,
    run: () =>
      bench.seeded(async () => {
        const before = await bench.stored(b, table);
        await work();
        if ((await bench.stored(b, table)) !== before) {
          leak("rows of the other organization were changed");
        }
      }),
  });
  const expectRefused = async (
    text: string,
    values: unknown[],
    codes: readonly string[] = [REFUSED],
  ): Promise<void> => {
    const code = await bench.refusal(a, text, values);
    if (code === null || !codes.includes(code)) {
      leak(code === null ? "the database let it through" : `it was refused for another reason, ${code}`);
    }
  };
  return [
    attempt("reached, and select shows own rows alone", async () => {
      const text = `select count(*) filter (where ${column} = $1)::int as own,
        count(*) filter (where ${column} is not null and ${column} <> $1)::int as others from ${at}`;
      const { rows } = await bench.enter(a, (query) => query(text, [bench.value(a)]));
      const { own, others: foreign } = rows[0] ?? {};
      if (own === 0) {
        leak("its own rows were not reached");
      }
      if (foreign !== 0) {
        leak("rows of others were seen");
      }
    }),
    attempt("an insert is stamped", async () => {
      // In a transaction that is rolled back, as the same values may be there once already.
      const { text, values } = insertion(at, ownOf(a));
      await bench.options.admin.query(`delete from ${at} where ${column} = $1`, [bench.value(a)]).catch(() => {});
      const code = await bench.refusal(a, text, values);
      if (code !== null && !code.startsWith("23")) {
        leak(`it was refused, ${code}`);
      }
    }),
    attempt("an insert for the other", () => {
      const { text, values } = insertion(at, { ...ownOf(b), [orgColumn]: others });
      return expectRefused(text, values);
    }),
    attempt("an update of the other's", async () => {
      const text = `update ${at} set ${column} = ${column} where ${column} = $1`;
      const code = await bench.refusal(a, text, [others]);
      const { rowCount } = await bench.enter(a, (query) => query(text, [others])).catch(() => ({ rowCount: 0 }));
      if (code === null && rowCount !== 0) {
        leak("rows of the other were updated");
      }
    }),
    attempt("a delete of the other's", async () => {
      const text = `delete from ${at} where ${column} = $1`;
      // A key that holds it back has found it.
      const code = await bench.refusal(a, text, [others]);
      if (code?.startsWith("23") === true) {
        leak("rows of the other were found to delete");
      }
    }),
    attempt("a row moved across", () => expectRefused(`update ${at} set ${column} = $1`, [others], [REFUSED, "23503"])),
    attempt("an upsert onto the other's", async () => {
      for (const columns of await uniqueKeys(bench, table)) {
        const { text, values } = insertion(at, { ...bench.row(b, table), [orgColumn]: bench.value(a) });
        const key = columns.map(quoted).join(", ");
        for (const action of [`do update set ${column} = excluded.${column}`, "do nothing"]) {
          // Whatever is answered: the other's rows are compared afterwards. Generated columns refuse values: 428C9.
          await bench.refusal(a, `${text} on conflict (${key}) ${action}`, values);
        }
      }
    }),
    attempt("a foreign key to the other's row", async () => {
      for (const { columns, parent, referenced } of await foreignKeys(bench, table)) {
        const row: Record<string, unknown> = { ...ownOf(a) };
        columns.forEach((name, index) => {
          if (name !== orgColumn) {
            row[name] = bench.row(b, parent)[referenced[index] ?? ""];
          }
        });
        const { text, values } = insertion(at, row);
        await expectRefused(text, values, ["23503", "23505", REFUSED]);
      }
    }),
    attempt("COPY", async () => {
      const { rowCount } = await bench.enter(a, (query) => query(`copy ${at} (${column}) to stdout`));
      const { rows } = await bench.enter(a, (query) => query(`select count(*)::int as n from ${at}`));
      // Of a partitioned table with policies COPY has nothing to say.
      if (Number(rowCount) > Number(rows[0]?.["n"])) {
        leak("more rows were copied than are seen");
      }
    }),
    attempt("partitions read directly", async () => {
      const text = `select relid::regclass::text as name from pg_partition_tree($1::regclass) where parentrelid is not null`;
      for (const { name } of (await bench.options.admin.query(text, [at])).rows) {
        const foreign = `select 1 from ${name} where ${column} = $1`;
        const seen = await bench.enter(a, (query) => query(foreign, [others])).catch(() => ({ rowCount: 0 }));
        if (seen.rowCount !== 0) {
          leak(`rows of the other were seen in ${name}`);
        }
      }
    }),
    attempt("no context, and an empty one", async () => {
      const { pool } = bench.options;
      const seen = `select 1 from ${at} where ${column} is not null`;
      const { text, values } = insertion(at, { ...ownOf(b), [orgColumn]: others });
      for (const context of ["reset tenantry.org_id", "set tenantry.org_id = ''"]) {
        await pool.query(context);
        if ((await pool.query(seen)).rowCount !== 0) {
          leak("rows were seen without a tenant");
        }
        if (
          await pool.query(text, values).then(
            () => true,
            () => false,
          )
        ) {
          leak("a row was written without a tenant");
        }
      }
      await pool.query("reset tenantry.org_id");
    }),
  ];
}

async function uniqueKeys(bench: Bench, table: string): Promise<readonly (readonly string[])[]> {
  const text = `select array_agg(a.attname::text order by k.place) as columns
    from pg_index i
   cross join lateral unnest(i.indkey) with ordinality as k(attnum, place)
    join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
   where i.indrelid = $1::regclass and i.indisunique and i.indpred is null and i.indexprs is null
   group by i.indexrelid`;
  return (await bench.options.admin.query(text, [bench.at(table)])).rows.map(({ columns }) => columns as string[]);
}

interface ForeignKey {
  readonly columns: readonly string[];
  readonly parent: string;
  readonly referenced: readonly string[];
}

async function foreignKeys(bench: Bench, table: string): Promise<readonly ForeignKey[]> {
  const text = `select p.relname::text as parent,
      array(select a.attname::text from unnest(k.conkey) with ordinality as x(n, i) join pg_attribute a on a.attrelid = k.conrelid and a.attnum = x.n order by x.i) as columns,
      array(select a.attname::text from unnest(k.confkey) with ordinality as x(n, i) join pg_attribute a on a.attrelid = k.confrelid and a.attnum = x.n order by x.i) as referenced
    from pg_constraint k join pg_class p on p.oid = k.confrelid
   where k.contype = 'f' and k.conrelid = $1::regclass and p.relname = any ($2::text[])`;
  const { rows } = await bench.options.admin.query(text, [bench.at(table), bench.owned]);
  return rows as unknown as readonly ForeignKey[];
}
