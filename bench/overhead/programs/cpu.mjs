// Work without any I/O, always the same: primes, sorting, strings, objects that become garbage.

const WARM_UP = 30;
const ROUNDS = 150;

function work(seed) {
  const sieve = new Uint8Array(200_000);
  let primes = 0;
  for (let n = 2; n < sieve.length; n++) {
    if (sieve[n]) continue;
    primes++;
    for (let m = 2 * n; m < sieve.length; m += n) sieve[m] = 1;
  }
  const rows = Array.from({ length: 5000 }, (_, i) => ({
    id: (i * seed) % 7919,
    name: `row ${i}`,
  }));
  rows.sort((a, b) => a.id - b.id);
  return primes + JSON.parse(JSON.stringify(rows)).length;
}

let sum = 0;
for (let i = 1; i <= WARM_UP; i++) sum += work(i);
const begin = performance.now();
for (let i = 1; i <= ROUNDS; i++) sum += work(i);
console.log(JSON.stringify({ ms: performance.now() - begin, sum }));
