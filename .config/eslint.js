import tseslint from "typescript-eslint";

/** Imports point down: src -> loaders -> pond. Types may be imported from below by anyone above. */
const upward = (layers, why) => ({
  "no-restricted-imports": [
    "error",
    {patterns: [{group: layers.map((layer) => `**/${layer}/**`), message: `Imports point down: ${why}.`}]}
  ]
});

export default tseslint.config(
  {ignores: ["node_modules", "dist", "src/.observablehq", ".pond", ".compiled"]},
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: {allowDefaultProject: [".config/*.js", ".config/*.ts", "loaders/*.js"]},
        tsconfigRootDir: new URL("..", import.meta.url).pathname
      }
    },
    linterOptions: {reportUnusedDisableDirectives: "error"},
    rules: {
      eqeqeq: "error",
      "no-console": "error",
      "prefer-const": "error",
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-unused-vars": ["error", {argsIgnorePattern: "^_", varsIgnorePattern: "^_"}],
      "@typescript-eslint/switch-exhaustiveness-check": ["error", {considerDefaultExhaustiveForUnions: true}],
      "@typescript-eslint/require-await": "off", // an interface's async method may have nothing to wait for
      "@typescript-eslint/restrict-template-expressions": ["error", {allowNumber: true, allowBoolean: true}]
    }
  },
  {files: ["**/*.js"], ...tseslint.configs.disableTypeChecked},
  {files: ["pond/**"], rules: upward(["loaders", "src"], "pond/ knows nothing of loaders/ and src/")},
  {files: ["loaders/**"], rules: upward(["src"], "loaders/ knows nothing of src/")},
  {
    files: ["src/components/**"],
    rules: {
      "@typescript-eslint/no-restricted-imports": [
        "error",
        {
          patterns: [
            {
              group: ["**/loaders/**", "**/pond/**"],
              allowTypeImports: true,
              message: "src/components runs in the browser: from other layers it imports types only."
            },
            {group: ["node:*"], message: "src/components runs in the browser."}
          ]
        }
      ]
    }
  }
);
