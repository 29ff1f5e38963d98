// All that a worker needs to record under a page that is dom0.

import { facility, join, u32 } from "tbuf";

const app = facility("app", { step: { n: u32 } });

globalThis.onmessage = async ({ data }) => {
  const member = join(data);
  await member.calibrate();
  member.attach();
  app.step({ n: 1 });
};
