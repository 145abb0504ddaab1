/** Preloaded into a command: at its end it prints on stderr which modules it has loaded, as one line of JSON. */
process.on("exit", () => {
  console.error(JSON.stringify(Object.keys(require.cache)));
});
