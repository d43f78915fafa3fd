import globals from "globals";
import js from "@eslint/js";

export default [
    js.configs.recommended,
    {
        files: ["**/static/**/*.js"],
        languageOptions: {
            ecmaVersion: 2024,
            sourceType: "module",
            globals: {...globals.browser, odoo: "readonly", luxon: "readonly"},
        },
        rules: {
            complexity: ["error", 8],
            eqeqeq: "error",
            "no-else-return": "error",
            "no-shadow": "error",
            "no-var": "error",
            "prefer-const": "error",
        },
    },
];
