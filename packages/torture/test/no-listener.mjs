// A process whose connection is cut under a commit. With "deaf" nobody listens to errors of the connection that the pool
// lends; then the process dies, as an application would.
import { generate } from "@tenantry/core";
import { PostgresTenancyStore } from "@tenantry/store-pg";
import pg from "pg";

const [, , url, schema, mode] = process.argv;
const pool = new pg.Pool({ connectionString: url });
pool.on("error", () => {});
const deaf = {
  get totalCount() {
    return pool.totalCount;
  },
  connect(callback) {
    pool.connect((error, client) => callback(error, client && unheard(client)));
  },
};
const unheard = (client) =>
  new Proxy(client, {
    get(target, key) {
      if (key === "on" || key === "removeListener") return () => {};
      const value = Reflect.get(target, key);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
const store = new PostgresTenancyStore(mode === "deaf" ? deaf : pool, { schema });
await store.createOrg(generate("usr")).catch(() => {});
await pool.end();
