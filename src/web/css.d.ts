/** A style sheet that an entry imports: the bundler writes it beside the script. */
declare module '*.css';
