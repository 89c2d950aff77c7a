// The entry of this page.
import '@/shared/tokens.css'
import './floor.css'
import { createApp } from 'vue'
import { loadLanguage, watchLanguage } from '@/shared/i18n'
import Wall from './Wall.vue'

watchLanguage()
void loadLanguage().then(() => createApp(Wall).mount('#app'))
