"""Words that tell a language: what English alone has, and what captions in other languages have."""

from unscene.words.closed_lists import closed_list

# Words that only English has among the languages below.
ENGLISH = closed_list(
    "the of and with for from is are was were has have his her their its this that these those by "
    "at into onto near next under over while who which some other two three red white black blue "
    "green woman women people standing sitting holding riding walking looking it be or not you "
    "your my our we they there as dog cat girl boy street water photo photos image picture stock "
    "vector free new how what where when"
)
# Words that English has taken over with their accents.
LOANWORDS = closed_list(
    "café cafés décor façade façades entrée entrées fiancé fiancée jalapeño jalapeños piñata piñatas "
    "purée crème brûlée sauté sautéed soufflé cliché résumé naïve pâté rosé déjà señor crêpe crêpes "
    "éclair éclairs mâché appliqué touché protégé matinée première cabaña açaí"
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
# What short captions name, show and say of it: animals, people, vehicles, things of a house; verbs and
# adjectives. Not here: what is English, too (`boot`, `mule`), and what stands in names behind an article
# or `de` (`La Mesa`, `Cirque du Soleil`, `Rosso di Montalcino`): places, waters, wines, dishes.
_CAPTION_WORDS = {
    "German": (
        "hunde katzen pferd pferde kuh kühe schaf schafe vogel vögel bär elefant ente männer frauen "
        "leute personen spieler fahrrad fahrräder motorrad flugzeug lastwagen zug züge schiff ampel "
        "koffer regenschirm tisch stuhl stühle bett fenster tür tasse flasche schüssel messer gabel "
        "löffel kuchen brot apfel banane straße schnee wiese himmel läuft laufen rennt springt schläft "
        "schlafen isst essen trinkt hält fährt fahren trägt schaut fliegt grast stehen sitzen liegen "
        "reitet kleiner kleine kleines großer große großes alte altes junger weißer weiße weißes "
        "schwarzer schwarze schwarzes roter rotes grüner grünes blaues gelbes braunes bunte leere "
        "leerer hinter vorne ihren ihrem seinem seiner seinen menschen mehrere zu gehen geht beim durch "
        "etwas arbeiter vier tanzen entlang arbeiten macht machen schauen rennen während halten tragen "
        "zieht springen wirft ihre ihr haben sie gruppe wasser spazieren zusammen jungs schwarzen "
        "weißen blauen roten kleidung vom ins damen warten viele"
    ),
    "Spanish": (
        "perra gata caballo caballos vacas oveja ovejas pájaro pájaros oso elefante pato mujeres "
        "hombres niños niñas chico chica gente personas jugador bicicleta motocicleta avión autobús "
        "coche camión tren barco semáforo maleta paraguas silla sillas cama ventana taza botella tazón "
        "cuchillo tenedor cuchara manzana plátano plato nieve hierba durmiendo duerme comiendo bebiendo "
        "corriendo corre juega jugar sentado sentada sentados parado parada montando caminando camina "
        "volando sosteniendo sonriendo pequeño pequeña negro rojo amarilla viejo vacía vacío lleno "
        "llena contra encima debajo detrás cerca grupo varios varias mientras tiene lleva mira cuatro "
        "otro otra joven jóvenes salta"
    ),
    "French": (
        "chiens chienne cheval chevaux vache vaches moutons oiseau oiseaux éléphant hommes femmes "
        "enfants enfant garçons filles gens personnes joueur vélo vélos avion autobus voiture camion "
        "bateau valise parapluie chaises canapé fenêtre assiette bouteille bol couteau fourchette "
        "cuillère neige herbe dort dorment endormi endormie dormant mange mangent mangeant boit buvant "
        "courant joue jouent jouant assise assises regarde regardant marchant volant tient portant "
        "noire noirs blanche blancs verte bleue jaune vieil vieille pleine contre derrière bord leurs "
        "groupe tandis prend prendre jeune jeunes plusieurs autre autres regardent posent posant "
        "souriant lunettes cheveux quelque quatre vêtu foule cette saute sourit dehors faisant gars"
    ),
    "Italian": (
        "cani gatti gatta cavallo mucca mucche pecora pecore uccello uccelli orso elefante anatra "
        "uomini donne bambino bambina bambini bambine ragazzi ragazze gente persone giocatore "
        "bicicletta biciclette motocicletta aereo autobus treno barche semaforo valigia ombrello "
        "ombrelli sedia sedie letto finestra piatto tazza bottiglia ciotola coltello forchetta "
        "cucchiaio mela neve erba dorme dormono mangia mangiano beve gioca giocano giocando corre "
        "cammina guarda vola tiene seduta seduti piedi piccola vecchio vuota vuoto nera rossa gialla "
        "contro sotto dietro davanti vicino gruppo mentre alcuni alcune quattro giovane giovani salta "
        "saltano corrono guardano indossa"
    ),
    "Portuguese": (
        "cachorros cães gatos gata cavalo cavalos vaca vacas ovelha ovelhas pássaro pássaros urso "
        "elefante pato mulheres homens crianças criança meninos meninas pessoas jogador bicicleta "
        "bicicletas avião ônibus carro caminhão trem barco barcos semáforo guarda cadeira cadeiras cama "
        "janela xícara garrafa tigela faca garfo colher maçã prato neve grama dormindo dorme comendo "
        "bebendo correndo corre jogando joga brincando sentado sentada andando voando segurando "
        "sorrindo pequeno pequena preto preta vermelho vermelha amarelo amarela velho velha vazia vazio "
        "cheio cheia contra embaixo atrás perto grupo vários várias enquanto quatro jovem jovens segura "
        "pula olha outro outra"
    ),
    "Dutch": (
        "honden katten paard paarden koe koeien schaap schapen vogel vogels olifant eend mannen vrouwen "
        "kinderen mensen jongens meisjes speler fiets fietsen motorfiets vliegtuig vrachtwagen trein "
        "schip stoplicht koffer paraplu tafel stoel stoelen raam deur kopje fles kom mes vork lepel "
        "taart appel banaan straat sneeuw gras lucht weiland muur slaapt slapen eet eten drinkt drinken "
        "loopt lopen springt speelt spelen rijdt vliegt kijkt houdt draagt ligt liggen zitten staan "
        "kleine grote oude zwarte zwart groene blauwe gele lege volle tegen onder achter tussen boven "
        "terwijl bezig iets maakt rood groep tijdens heeft bruine langs bal maken persoon kijken "
        "kleding blauw zich hun iemand steekt wedstrijd oranje foto geeft oudere elkaar groen donkere "
        "gekleed rennen veel gooit zittend jongetje"
    ),
    "Swedish, Danish or Norwegian": (
        "hundar katter häst hästar kor får fågel fåglar elefant anka män kvinnor flicka flickor pojke "
        "pojkar människor spelare cykel cyklar motorcykel flygplan buss lastbil tåg båt båtar "
        "trafikljus väska paraply bord stol stolar säng soffa fönster tallrik kopp flaska skål kniv "
        "gaffel sked kaka äpple gata snö gräs himmel vägg mot sover äter dricker spelar leker går "
        "flyger tittar håller ligger sittande stående liten stor gammal svart vit röd grön blå gul vid "
        "bakom framför mellan hest gutt jente dreng pige tog gade sne spiser spiller løper løber hvit "
        "hvid rød grønn grupp medan flera fyra ung unga hoppar bär gruppe mens flere unge"
    ),
    "Polish or Czech": (
        "koty koń konie krowa krowy owca owce ptak ptaki niedźwiedź słoń kaczka kobiety mężczyźni "
        "dziecko dzieci chłopiec chłopcy dziewczyna dziewczynka ludzie osoba gracz rowery "
        "motocykl samolot autobus samochód ciężarówka pociąg łódź światła walizka stół krzesło łóżko "
        "kanapa okno talerz kubek butelka miska nóż widelec łyżka ciasto jabłko banan ulica śnieg "
        "śniegu trawa niebo ściana śpi pije biegnie gra grają jedzie lata patrzy trzyma siedzi siedzą "
        "stoi leży mały mała duży duża stary stara czarny czarna biały biała czerwony czerwona zielony "
        "niebieski żółty pusta pusty przy nad między kočka kůň muž žena děti vlak stůl sedí stojí malý "
        "velký černý bílý skupina muži před zatímco lidí lidé drží dívka dva dvě má pes tři jsou hraje "
        "přes ženy který hrají skáče běží chlapec dítě kolem vedle jde míč mladý mladá několik ze malá "
        "které kteří jdou při ulici grupa kilka młody młoda"
    ),
}
# Words of other languages that are no English words.
FOREIGN = {
    name: closed_list(f"{words} {_CAPTION_WORDS.get(name, '')}") - ENGLISH - _SHARED
    for name, words in _FUNCTION_WORDS.items()
}
