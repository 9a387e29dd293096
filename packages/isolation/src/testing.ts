export {
  type Enter,
  type LeakCase,
  LeakError,
  type LeakPool,
  type LeakQuery,
  type LeakRow,
  type LeakTestOptions,
} from "./leaks/bench.ts";
export { leakTest } from "./leaks/leak-test.ts";
