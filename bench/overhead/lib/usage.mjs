// What the servers have in common: they tell their port, what they have used, and end with their standard input.

/** Microseconds of CPU that all threads of the process have used. */
export function usage() {
  const { user, system } = process.cpuUsage();
  return { us: user + system };
}

export function listening(server) {
  console.log(JSON.stringify({ port: server.address().port }));
  process.stdin.resume();
  process.stdin.on("end", () => {
    server.closeAllConnections();
    server.close();
  });
}
