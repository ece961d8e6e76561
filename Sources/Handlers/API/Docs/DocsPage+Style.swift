extension DocsPage {
    /// Light or dark as the reader's system is; one column on a telephone.
    static let style = """
        :root{color-scheme:light dark;--back:#fff;--fore:#1d2329;--soft:#59636e;--line:#d5dae0;--panel:#f5f7f9;--link:#0757a8;\
        --accent:#0a5fb4;--on-accent:#fff;--good:#1a6b2d;--bad:#b3201a;--code:#eceff2}
        @media (prefers-color-scheme:dark){:root{--back:#12161b;--fore:#e3e8ed;--soft:#9aa6b2;--line:#333c46;--panel:#1a2027;\
        --link:#7cb8f5;--accent:#7cb8f5;--on-accent:#0b1118;--good:#79d18d;--bad:#ff9089;--code:#262e37}}
        *{box-sizing:border-box}
        html{scroll-behavior:smooth}
        @media (prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
        body{margin:0 auto;padding:1.5rem 1rem 4rem;max-width:62rem;background:var(--back);color:var(--fore);\
        font:1rem/1.5 system-ui,sans-serif;overflow-wrap:break-word}
        a{color:var(--link)}
        h1{margin:0;font-size:1.9rem}
        h2{margin:2.5rem 0 .75rem;padding-bottom:.3rem;border-bottom:1px solid var(--line)}
        h3{margin:1.5rem 0 .5rem}
        h4{margin:1rem 0 .35rem}
        [hidden]{display:none!important}
        nav ul{display:flex;flex-wrap:wrap;gap:.25rem 1rem;margin:0;padding:0;list-style:none}
        code,pre{font-family:ui-monospace,monospace;font-size:.9em}
        code{padding:.1em .3em;border-radius:.25rem;background:var(--code);overflow-wrap:anywhere}
        pre{overflow-x:auto;margin:.5rem 0;padding:.75rem;border-radius:.4rem;background:var(--code)}
        .note{padding:.5rem .75rem;border-left:.25rem solid var(--accent);background:var(--panel)}
        .operation{margin:.5rem 0;border:1px solid var(--line);border-radius:.4rem;background:var(--panel);padding:0 .75rem}
        .operation[open]{padding-bottom:.75rem}
        summary{padding:.55rem 0;cursor:pointer}
        summary .summary{color:var(--soft);margin-left:.25rem}
        summary>code{background:none;padding:0}
        .method{display:inline-block;min-width:3.6rem;padding:.05rem .4rem;border-radius:.25rem;text-align:center;\
        font:700 .8rem/1.5 ui-monospace,monospace;border:1px solid currentColor;color:var(--accent)}
        .method.post,.method.put,.method.patch{color:var(--good)}
        .method.delete{color:var(--bad)}
        .scroll{overflow-x:auto}
        table{width:100%;border-collapse:collapse;background:var(--back)}
        th,td{padding:.4rem .6rem;border:1px solid var(--line);text-align:left;vertical-align:top}
        th{width:12rem;font-weight:600}
        .columns{display:grid;grid-template-columns:1fr 1fr;gap:1.5rem;align-items:start}
        .row{display:grid;grid-template-columns:repeat(4,1fr);gap:.75rem}
        label{display:block;margin:0 0 .75rem;font-weight:600}
        input,textarea{display:block;width:100%;margin-top:.2rem;padding:.5rem;border:1px solid var(--soft);border-radius:.35rem;\
        background:var(--back);color:inherit;font:inherit;font-weight:400}
        input[type=checkbox]{display:inline-block;width:auto;margin:0 .35rem 0 0;vertical-align:middle;accent-color:var(--accent)}
        ::placeholder{color:var(--soft);opacity:1}
        button{padding:.5rem 1rem;border:1px solid var(--accent);border-radius:.35rem;background:var(--accent);\
        color:var(--on-accent);font:inherit;font-weight:600;cursor:pointer}
        button[type=button]{background:none;color:var(--accent)}
        button:disabled{opacity:.5;cursor:default}
        :focus-visible{outline:.2rem solid var(--accent);outline-offset:.1rem}
        #refusal{padding:.5rem .75rem;border-left:.25rem solid var(--bad);background:var(--panel)}
        #job{padding:.75rem;border:1px solid var(--line);border-radius:.4rem;background:var(--panel)}
        #job p{margin:.25rem 0}
        #node{min-height:1.5em;color:var(--soft)}
        progress{width:100%;height:1rem;accent-color:var(--accent)}
        .badge{display:inline-block;padding:.05rem .5rem;border-radius:1rem;border:1px solid currentColor;font-weight:600}
        .completed{color:var(--good)}
        .failed,.cancelled{color:var(--bad)}
        #preview,#pictures img{display:block;max-width:100%;height:auto;margin-top:.5rem;border-radius:.35rem}
        #jobs{margin:.5rem 0;padding:0;list-style:none}
        #jobs li{display:flex;flex-wrap:wrap;align-items:center;gap:.25rem .75rem;padding:.4rem 0;border-top:1px solid var(--line)}
        #jobs button{padding:.15rem .5rem;font-size:.9rem}
        #jobs time{color:var(--soft)}
        @media (max-width:44rem){.columns{grid-template-columns:1fr}.row{grid-template-columns:1fr 1fr}\
        summary .summary{display:block;margin-left:0}table,tbody,tr,th,td{display:block;width:100%}\
        tr{border:1px solid var(--line);border-bottom:0}tr:last-child{border-bottom:1px solid var(--line)}\
        th,td{padding:.3rem .6rem;border:0}td:empty{display:none}}
        """
}
