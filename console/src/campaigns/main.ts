// The entry of this page.
import '@/shared/tokens.css'
import './campaigns.css'
import { createApp } from 'vue'
import { loadLanguage, watchLanguage } from '@/shared/i18n'
import Page from './Page.vue'

watchLanguage()
void loadLanguage().then(() => createApp(Page).mount('#app'))
