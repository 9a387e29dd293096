export async function open() {
  throw new Error("no server answers");
}
