/** Waits for `work`, but at most `ms`; then gives, or throws, what `late` does. `work` goes on, unheard. */
export async function within<T>(ms: number, work: Promise<T>, late: () => T): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<'late'>((resolve) => {
    timer = setTimeout(resolve, ms, 'late');
  });
  try {
    const first = await Promise.race([work.then((value) => ({ value })), timeout]);
    return first === 'late' ? late() : first.value;
  } finally {
    clearTimeout(timer);
    work.catch(() => undefined); // Its failure after that must not end the process.
  }
}
