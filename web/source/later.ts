// What need not stand at once is made one after the other, with time to paint between, so that the first chart comes first.

type Work = () => void | Promise<void>;

const waiting: Work[] = [];

export function later(work: Work): void {
  waiting.push(work);
}

/** A page that nobody looks at is given no frames to paint. */
export const painted = (): Promise<void> =>
  new Promise((done) => {
    setTimeout(done, 200);
    requestAnimationFrame(() => setTimeout(done, 0));
  });

/** Does all that waits, and what is added meanwhile. */
export async function doAll(): Promise<void> {
  for (let work = waiting.shift(); work; work = waiting.shift()) {
    await painted();
    await work();
  }
}
