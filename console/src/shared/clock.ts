// One beat for every timer on the page, in the server's time.
import { ref } from 'vue'

/** Server's clock minus ours, ms; the page's store keeps it. */
export const skew = ref(0)
/** The server's time, ms, renewed four times a second. */
export const now = ref(Date.now())

let running: ReturnType<typeof setInterval> | undefined
export function startClock() {
  running ??= setInterval(() => {
    now.value = Date.now() + skew.value
  }, 250)
}

/** Milliseconds since a moment of the server. */
export const since = (at: string | null | undefined) => (at ? Math.max(0, now.value - Date.parse(at)) : 0)
/** Milliseconds until a moment of the server. */
export const until = (at: string | null | undefined) => (at ? Math.max(0, Date.parse(at) - now.value) : 0)
