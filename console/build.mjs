// Makes what a shop's browser loads: `node build.mjs [DIRECTORY]`, by default softacd/web/static/desk.
// File names carry a digest of their content, so that browsers may keep them for ever; index.html names the first ones.
import { build } from "esbuild";
import { cp, mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const target = resolve(process.argv[2] ?? join(here, "../softacd/web/static/desk"));

await rm(target, { recursive: true, force: true });
await mkdir(join(target, "assets"), { recursive: true });

const { metafile } = await build({
  absWorkingDir: here,
  entryPoints: { app: "src/main.tsx" },
  outdir: join(target, "assets"),
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  publicPath: "/assets",
  bundle: true,
  minify: true,
  splitting: true,
  format: "esm",
  target: ["chrome111", "firefox121", "safari17.5"],
  jsx: "automatic",
  jsxImportSource: "preact",
  alias: { react: "preact/compat" },
  loader: { ".woff2": "file", ".svg": "file" },
  define: { "process.env.NODE_ENV": '"production"' },
  legalComments: "none",
  charset: "utf8",
  metafile: true,
  logLevel: "warning",
});

const made = Object.entries(metafile.outputs);
const [script, entry] = made.find(([, output]) => output.entryPoint === "src/main.tsx");
const address = (path) => `/assets/${relative(join(target, "assets"), resolve(here, path))}`;
const first = entry.imports.filter(({ kind }) => kind === "import-statement").map(({ path }) => address(path));
const page = await readFile(join(here, "src/index.html"), "utf8");
await writeFile(
  join(target, "index.html"),
  page
    .replace("{style}", address(entry.cssBundle))
    .replace("{script}", address(script))
    .replace("{first}", first.map((path) => `<link rel="modulepreload" href="${path}">`).join("\n    ")),
);
await cp(join(here, "src/icon.svg"), join(target, "icon.svg"));

// every library's licence travels with it
const lock = JSON.parse(await readFile(join(here, "package-lock.json"), "utf8"));
const used = new Set(
  Object.keys(metafile.inputs)
    .filter((path) => path.includes("node_modules/"))
    .map((path) => path.slice(path.lastIndexOf("node_modules/") + 13).split("/"))
    .map(([scope, name]) => (scope.startsWith("@") ? `${scope}/${name}` : scope)),
);
const texts = [];
for (const name of [...used].sort()) {
  const folder = join(here, "node_modules", name);
  const about = lock.packages[`node_modules/${name}`];
  const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry));
  if (!file && about.license !== "MIT") throw new Error(`${name} has no licence text`);
  const text = file ? await readFile(join(folder, file), "utf8") : `${about.license}, as its package.json says.\n`;
  texts.push(`# ${name} ${about.version}\n\n${text.trim()}\n`);
}
await writeFile(join(target, "LICENSES.md"), texts.join("\n---\n\n"));
