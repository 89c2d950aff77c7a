// What belongs to this person on this computer: volume, devices, which accordions are open.
import { reactive, watch } from 'vue'

const KEPT = 'dinetone.agent'
const fallback = {
  ringVolume: 60,
  microphone: '',
  speaker: '',
  ringer: '',
  seat: 'browser' as 'browser' | 'phone' | 'outside',
  account: '',
  outside: '',
  openPanes: ['addresses', 'orders', 'offers'] as string[],
}

function load(): typeof fallback {
  try {
    return { ...fallback, ...(JSON.parse(localStorage.getItem(KEPT) ?? '{}') as object) }
  } catch {
    return { ...fallback }
  }
}

export const preferences = reactive(load())

export function keepPreferences() {
  watch(preferences, (now) => {
    try {
      localStorage.setItem(KEPT, JSON.stringify(now))
    } catch {
      // Without storage they last as long as the page.
    }
  })
}
