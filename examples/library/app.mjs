// A program that uses the library and knows nothing of tbuf.
//
//   node app.mjs                                nothing is recorded
//   npx tbuf record -o trace -- node app.mjs    the library's events are

import { order } from "./shop.mjs";

for (const item of ["tea", "milk", "sugar"]) order(item);
console.log(`${order("biscuits")} orders`);
