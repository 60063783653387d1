# The frame around every page, and what a server says when there is no page.

skip = 本文へ進む
bar = サイトの案内
other-language = English
help = ヘルプ
privacy = 個人情報の取り扱い
terms = 利用条件
again = もう一度試す
reference = お問い合わせ用の番号：

not-found = ページが見つかりません
    .why = このアドレスのページはありません。アドレスが途中で切れているか、古くなっている可能性があります。
    .next = ご利用のサービスのページに戻って、最初からやり直してください。
wrong-host = ページを表示できません
    .why = このアドレスは、ここでは使われていません。
    .next = ご利用のサービスのページに戻って、最初からやり直してください。
too-often = 少し時間をおいてください
    .why = 短い時間に操作が続いたため、いまは受け付けていません。
    .next = 1分ほど待ってから、もう一度お試しください。
not-understood = 送られた内容を受け取れませんでした
    .why = ページから送られた内容が、このサイトのページのものと違っていました。
    .next = 前のページに戻って、もう一度お試しください。
unavailable = いま、手続きを進められません
    .why = こちらの設備の不具合です。カードや入力の間違いではありません。
    .next = 少し待ってから、もう一度お試しください。続くときは、下の番号を添えて窓口にお知らせください。
