// Waiting without sleeping blindly: asks again until the answer is yes, and says what was missing when the time is over.

export class NotYet extends Error {}

/** Asks `look` until it gives something true. What it gave, or threw, last is told when it does not come. */
export async function until(what, look, within = 10_000, step = 60) {
  const deadline = Date.now() + within
  let last
  for (;;) {
    try {
      last = await look()
      if (last) return last
    } catch (error) {
      last = error
    }
    if (Date.now() > deadline) throw new NotYet(`not within ${within / 1000} s: ${what}; last: ${told(last)}`)
    await new Promise((resolve) => setTimeout(resolve, step))
  }
}

/** The opposite: it stays so for `during` ms. */
export async function stays(what, look, during = 1_000, step = 100) {
  const deadline = Date.now() + during
  while (Date.now() < deadline) {
    const now = await look()
    if (!now) throw new NotYet(`did not stay so: ${what}; now: ${told(now)}`)
    await new Promise((resolve) => setTimeout(resolve, step))
  }
}

export function check(truth, what) {
  if (!truth) throw new Error(`not so: ${what}`)
}

function told(value) {
  if (value instanceof Error) return value.message.split('\n')[0]
  try {
    return JSON.stringify(value)
  } catch {
    return String(value)
  }
}
