// The tab: title and icon follow what happens.
import { watchEffect } from 'vue'

/** `title()` is read again whenever what it depends on changes. */
export function followTab(title: () => string, icon: () => string) {
  watchEffect(() => {
    document.title = title()
  })
  watchEffect(() => {
    const link = document.querySelector<HTMLLinkElement>('link[rel=icon]')
    if (link) link.href = `/icons/${icon()}.svg`
  })
}
