#!/usr/bin/env node
// Old syntax and no static import: an old Node.js must get as far as the message below.
var wanted = [22, 18];
var have = process.versions.node.split('.').map(Number);
var oldNode = have[0] < wanted[0] || (have[0] === wanted[0] && have[1] < wanted[1]);

function missing(error, file) {
  var url = String((error && error.url) || '');
  return error.code === 'ERR_MODULE_NOT_FOUND' && url.slice(-file.length) === file;
}

function complain(line) {
  process.stderr.write('chancery ' + line + '\n');
  process.exitCode = 2;
}

function run(entry) {
  return entry.main(process.argv.slice(2)).then(function (code) {
    if (typeof code === 'number') process.exitCode = code;
  });
}

function start() {
  process.getBuiltinModule('module').enableCompileCache(); // the next start takes half the time
  return import('../dist/main.js').catch(function (error) {
    if (missing(error, '/dist/main.js')) return import('../src/main.ts'); // a checkout, not built
    throw error;
  });
}

if (oldNode) {
  complain(
    'needs Node.js 22.18 or newer; this is v' +
      process.versions.node +
      ' (' +
      process.execPath +
      '). Install a newer Node.js, or run it with `npx -p node@24 -p chancery chancery`.',
  );
} else {
  start().then(run, function (error) {
    if (missing(error, '/src/main.ts')) complain('is not built: run `npm run build` first.');
    else throw error;
  });
}
