import { run, type Task } from "./run.ts";

/** A worker that runs the task it is sent. */
export default {
  async fetch(request: Request): Promise<Response> {
    return Response.json(await run((await request.json()) as Task));
  },
};
