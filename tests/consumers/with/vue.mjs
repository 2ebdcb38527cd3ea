import { project } from '../harness/project.mjs';
import { serveFolder } from '../harness/serve.mjs';
import { vite } from './vite.mjs';

const FILES = {
  'index.html': `<!doctype html>
<title>Shop</title>
<div id="shop"></div>
<script type="module" src="./main.js"></script>
`,
  'main.js': `
import { createApp } from 'vue';
import Shop from './shop.vue';

createApp(Shop).mount('#shop');
`,
  'shop.vue': `
<script setup>
import { nextTick, onMounted, ref } from 'vue';
import { trade } from './trade.js';
import { report, settings } from './desk.js';

const outcome = ref();
const output = ref();
onMounted(async () => {
  outcome.value = await trade(await settings());
  await nextTick();
  await report({ ...outcome.value, shown: output.value.textContent });
});
</script>

<template>
  <output ref="output">{{ outcome?.paid?.session }}</output>
</template>
`,
  'vite.config.js': `
import vue from '@vitejs/plugin-vue';

export default { plugins: [vue()] };
`,
};

export default [{
  name: 'Vue 3',
  shows: true,
  serve: async (entry) => serveFolder(`${await project('Vue 3', { entry, files: FILES, ...vite })}/dist`),
}];
