// A library that offers events to programs that have tbuf, and works as it is in all others. Its
// package.json names tbuf as a peer that may be missing:
//
//   "peerDependencies": { "tbuf": "^0.1.0" }, "peerDependenciesMeta": { "tbuf": { "optional": true } }

const shop = await tracepoints();

async function tracepoints() {
  try {
    const { facility, string, u32 } = await import("tbuf");
    return facility("shop", { order: { id: u32, item: string } });
  } catch (error) {
    if (error.code !== "ERR_MODULE_NOT_FOUND") throw error;
    return { order() {} };
  }
}

let orders = 0;

/** Does its work, and tells of it when somebody records. */
export function order(item) {
  orders++;
  shop.order({ id: orders, item });
  return orders;
}
