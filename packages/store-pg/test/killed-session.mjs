// A process of its own: its sessions are killed while a store has them, and it lives on. Its address is the argument.
import { generate } from "@tenantry/core";
import { PostgresTenancyStore } from "@tenantry/store-pg";
import pg from "pg";

const connectionString = process.argv[2];
const killer = new pg.Client({ connectionString });
await killer.connect();
const terminate = async (pid) => {
  await killer.query("select pg_terminate_backend($1)", [pid]);
  while ((await killer.query("select from pg_stat_activity where pid = $1", [pid])).rowCount !== 0) {}
};

const pool = new pg.Pool({ connectionString, max: 1 });
const store = new PostgresTenancyStore(pool);
const { org } = await store.createOrg(generate("usr"));
const codes = [];
const call = store.withTransaction(async (client, inside) => {
  await inside.getOrg(org.id);
  const end = new Promise((resolve) => client.once("end", resolve));
  await terminate((await client.query("select pg_backend_pid() as pid")).rows[0].pid);
  // The client has told of its end by now, and nothing of the host's listened.
  await end;
  await inside.getOrg(org.id);
});
codes.push(await call.then(String, (error) => error.code));
codes.push((await store.getOrg(org.id)).version);
await pool.end();
await killer.end();
console.log(JSON.stringify(codes));
