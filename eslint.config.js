'use strict';
const js = require('@eslint/js');
const ts = require('typescript-eslint');

module.exports = ts.config(
  { ignores: ['dist/', 'src/gen/', '**/assembly/', 'coverage/', 'build/', 'bench/data/'] },
  js.configs.recommended,
  ...ts.configs.recommended,
  {
    files: ['**/*.js', '**/*.mjs', '**/*.cjs', 'bin/trireme'],
    languageOptions: {
      globals: {
        require: 'readonly',
        module: 'writable',
        process: 'readonly',
        console: 'readonly',
        __dirname: 'readonly',
        URL: 'readonly',
        fetch: 'readonly',
        WebAssembly: 'readonly',
      },
    },
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },
  {
    files: ['**/*.ts'],
    languageOptions: {
      parserOptions: { project: ['./tsconfig.json', './src/web/tsconfig.json'], tsconfigRootDir: __dirname },
    },
    rules: {
      '@typescript-eslint/no-require-imports': ['error', { allow: ['^\\.{1,2}/', '^node:'] }],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'prefer-const': 'error',
    },
  },
);
