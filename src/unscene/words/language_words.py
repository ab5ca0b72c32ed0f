"""Words that tell a language: what English alone has, and function words of other languages."""

from unscene.words.closed_lists import closed_list

# Words that only English has among the languages below.
ENGLISH = closed_list(
    "the of and with for from is are was were has have his her their its this that these those by "
    "at into onto near next under over while who which some other two three red white black blue "
    "green woman women people standing sitting holding riding walking looking it be or not you "
    "your my our we they there as dog cat girl boy street water photo photos image picture stock "
    "vector free new how what where when"
)
# Words of theirs that English has, too: they say nothing.
_SHARED = closed_list("on to no me do he we in men under die as sur con be am an a i o so by pro us")
_FUNCTION_WORDS = {
    "German": (
        "und der das ein eine einen einem einer eines auf dem den ist sind mit von für im zum zur "
        "am über unter neben vor nach aus bei wie nicht auch sich wird werden oder einige zwei "
        "drei mann frau hund katze kinder spielen spielt junge mädchen sitzt steht liegt"
    ),
    "Spanish": (
        "el la los las un una unos unas de del y con por para en que es son está están su sus al sobre "
        "como más hay junto dos tres hombre mujer perro perros gato niño niña frente jugando"
    ),
    "French": (
        "le la les un une de des du et est sont avec dans sur pour au aux qui que sa ses leur près à en "
        "deux trois homme femme chien chat fille garçon devant assis debout côté l'homme d'un "
        "d'une"
    ),
    "Italian": (
        "il lo la gli un uno una di del della dei delle e con per che è sono nel nella sul sulla da "
        "dal al alla due tre uomo donna cane gatto ragazzo ragazza seduto accanto"
    ),
    "Portuguese": (
        "o os um uma uns umas de do da dos das e com para em no na nos nas que é são está ao sobre "
        "ele ela seu sua dois duas três homem mulher cachorro cão gato menino menina"
    ),
    "Dutch": (
        "de het een van en met op voor naar bij aan uit zijn niet ook wordt twee drie vrouw hond "
        "kat jongen meisje zit staat naast"
    ),
    "Swedish, Danish or Norwegian": (
        "och en ett är på med av för till som den det og er i til af fra ved två tre mand kvinde "
        "kvinna hund katt sitter står"
    ),
    "Polish or Czech": (
        "i w na z do się jest są nie od po przez obok dwa dwie pies kot kobieta mężczyzna je v ve se s u pro"
    ),
    "Finnish": ("ja on kaksi mies nainen koira kissa istuu seisoo vieressä joka sekä kanssa edessä päällä"),
    "Hungarian": ("egy és van az két férfi nő kutya macska mellett ül áll alatt előtt vagy hogy nem is"),
    "Romanian": ("și cu pe la din un o de doi două bărbat femeie câine pisică este sunt lângă stă"),
    "Turkish": ("bir ve ile için bu da de iki üzerinde adam kadın köpek kedi yanında çok olan"),
    "Indonesian or Malay": (
        "yang di dan dengan sebuah seorang untuk dari pada ke ini itu dua sedang duduk atas "
        "anjing kucing seekor"
    ),
    "Vietnamese": ("một và của trên người là có với trong các cho những con chó mèo đang ngồi"),
    "Hindi or Urdu in Latin letters": (
        "hai ek aur ke ki ka ko mein par se hain raha rahi rahe kutta billi aadmi aurat ladka ladki baitha"
    ),
    "Chinese in Latin letters": (
        "yi zhi ge zai shang de he you tiao zhe wo shi le men ren nan gou mao nu yige yizhi"
    ),
    "Japanese in Latin letters": ("ga wa wo ni no de iru imasu desu inu neko ue aru hito to suwatte arimasu"),
    "Russian in Latin letters": (
        "i v na s u po iz pod za sobaka koshka muzhchina zhenshchina sidit stoit ryadom devochka "
        "malchik lezhit"
    ),
}
# Function words of other languages that are no English words.
FOREIGN = {name: closed_list(words) - ENGLISH - _SHARED for name, words in _FUNCTION_WORDS.items()}
