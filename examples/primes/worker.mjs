// One worker of the pool: counts the primes of a span, and records each thousandth number it tries.

import { parentPort } from "node:worker_threads";
import { facility, u32 } from "tbuf";

const sieve = facility("sieve", { tried: { n: u32, primes: u32 } });

function isPrime(n) {
  if (n < 2) return false;
  for (let divisor = 2; divisor * divisor <= n; divisor++) {
    if (n % divisor === 0) return false;
  }
  return true;
}

parentPort.on("message", ({ job, from, to }) => {
  let found = 0;
  for (let n = from; n < to; n++) {
    if (isPrime(n)) found++;
    if (n % 1000 === 0) sieve.tried({ n, primes: found });
  }
  parentPort.postMessage({ job, found });
});
