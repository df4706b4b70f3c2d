/** First names and their short forms, folded: without case and accents. */

/** Forms of one name. A name may be in several groups: Chris is Christopher or Christine. */
const groups = `
john jack johnny jon jonny|jonathan jon jonny johnathan|michael mike mick mickey mikey|david dave davey|peter pete
james jim jimmy jamie|robert bob rob bobby robbie bert|william bill will billy willie liam|andrew andy drew
daniel dan danny|matthew matt|thomas tom tommy|christopher chris kit topher|anthony tony antony|stephen steve steven stevie
richard rick dick rich ricky|joshua josh|benjamin ben benny|samuel sam sammy|joseph joe joey|charles charlie chuck chas
edward ed eddie ted teddy ned|frederick fred freddie freddy|george georgie|henry harry hank|alexander alex alec sandy xander
nicholas nick nicky|gregory greg|kenneth ken kenny|ronald ron ronnie|donald don donnie|raymond ray|lawrence larry laurie
patrick pat paddy|francis frank frankie|timothy tim timmy|vincent vince vinnie|walter walt wally|leonard len lenny leo
albert al bert bertie|alan al|alfred alf alfie fred|arthur art artie|bernard bernie|bradley brad|cameron cam|clifford cliff
dennis den denny|douglas doug|eugene gene|gerald gerry jerry|geoffrey geoff jeff jeffrey|gordon gordy|graham gray|harold harry hal
jacob jake|jeremy jem jerry|keith|kevin kev|leslie les|malcolm mal|martin marty|maximilian max|maxwell max|mitchell mitch
nathan nate nat|nathaniel nate nat|norman norm|oliver ollie|oscar ozzie|philip phil phillip|reginald reg reggie|rodney rod
russell russ|sebastian seb|sidney sid|stanley stan|stuart stu stewart|terence terry|theodore ted theo|trevor trev|zachary zach zac
margaret maggie peggy meg marge margie greta|susan sue suzie susie suzy suzanne|jennifer jenny jen jenni
elizabeth liz lizzie beth betty betsy eliza libby lisa elisabeth|michelle shelly mich|patricia pat trish patty tricia
rebecca bec becky becca|jessica jess jessie|catherine cathy kate cath katie katherine kathy kathryn kitty|christine chris tina chrissy
nicole nicky nikki nic|amanda mandy|deborah deb debbie debra|dorothy dot dotty dolly|eleanor ellie nell nora elly|emily em emmy millie
florence flo florrie|frances fran francie|gabrielle gabby gabi|georgina georgie gina|gertrude gertie trudy|gwendolyn gwen|helen nell
isabella bella izzy isabel|jacqueline jackie jacqui|janet jan|joanne jo joanna|josephine jo josie|judith judy jude|julia julie
kimberly kim kimberley|lillian lily lil|linda lindy lin|louise lou|lucille lucy|madeleine maddie madeline|marilyn mary lyn
martha marty|mary molly polly may|matilda tilly|melissa mel lissa|melanie mel|mildred millie|miriam mim|natalie nat tally
olivia liv livvy|pamela pam|penelope penny|priscilla cilla|rosemary rose rosie|samantha sam sammy|sandra sandy|sarah sally sadie
sophia sophie|stephanie steph|teresa terry tess theresa terri tessa|tracey trace tracy|valerie val|veronica ronnie vera
victoria vicky vic tori vikki|virginia ginny|vivienne viv vivian|yvonne vonnie|zoe zo|alexandra alex sandra lexi sandy ali
abigail abby gail|agnes aggie|alison ali allie|angela angie ange|annabel bel anna|antoinette toni nettie|barbara barb babs barbie
bridget bridie biddy|caroline carol carrie caz|cassandra cass cassie|charlotte lottie charlie lotte|cynthia cindy|danielle dani
ann annie|anne annie|anna annie|johannes hans johann|friedrich fritz|heinrich heinz|wilhelm willi|giuseppe beppe pino|giovanni gianni|francesco franco
marc mark|stephen stefan stephan|alan allan allen|eric erik|carl karl|louis lewis luis|brian bryan|cheryl sheryl|gail gayle
isabel isobel isabelle|kristin kristen kirsten|christina kristina christine|lyn lynn lynne|mathew matthew|michele michelle
mohamed mohammed muhammad mohammad|nicolas nicholas|rachel rachael|rafael raphael|sean shaun shawn|sofia sophia|sophie sofie
sonia sonja sonya|susanna suzanna susannah|vivian vivien vivienne|sara sarah|hanna hannah|anne ann|elise elyse|kaitlyn caitlin
claire clare|garry gary|glen glenn|graham graeme|jayne jane|jeanette janette|jo joe|juliet juliette|kelley kelly|leigh lee|lesley leslie
lorraine loraine|marian marion|marilyn marylin|neil neal|noel nowell|robyn robin|roslyn rosalyn|terri terry|thom tom|tania tanya
yasmin jasmin jasmine|zoe zoey|francisco paco pancho|jose pepe|guillermo memo|alejandro alex|ekaterina katya|aleksandr sasha alexander|mikhail misha|dmitri dima
`;

/** Frequent names without a short form, and names that differ from another one in a letter or two: they are no typing errors. */
const more = `
aaron ada adam adrian agatha ahmed aidan aileen aisha alana alasdair alberta alexis alice alicia alma alvin amber amelia amy ana
anastasia andre andrea andreas angel angelica angelo anita ann anna anne annette annie antonia antonio april ariana arnold
ashley astrid audrey august austin ava barry beatrice belinda bella benedict bernadette bernice beryl bethany bianca blake
bonnie brandon brenda brendan brent brett brian bronwyn bruce bruno bryan bryce byron caitlin callum calvin camilla camille
candice carl carla carlo carlos carmen carol carolyn casey cecilia cedric celeste celia chad chantal chelsea cheryl chloe
christian christina claire clara clarence claude claudia clayton clement clive cody colin colleen connie connor conrad corey
courtney craig crystal curtis cyril daisy dale damian damien damon daniela daphne darcy darlene darrell darren dawn dean
deanna declan delia denise derek desmond diana diane dianne diego dominic dominique donna doreen doris duncan dwayne dylan
earl edgar edith edmund edna edwin eileen elaine elena eli elias elijah elise ella ellen elliott elsa elsie emma enid eric
erica erik erika erin ernest esme esther ethan ethel eva evan eve evelyn ewan faith fatima fay felicity felix fergus fernando
finn fiona flora floyd gail gareth garry gary gavin gemma genevieve georgia geraldine giles gillian gina giorgia giorgio gino
giulia giulio glen glenda glenn gloria grace greta guy hamish hannah harriet harrison harvey hayden hazel heather hector heidi
helena herbert herman hilary holly hope howard hugh hugo ian ibrahim ida imogen ingrid irene iris isaac isla ivan ivy jack
jackson jade jaime jana jane janelle janette janice jared jasmine jason jasper javier jay jayden jean jeanette jenna jerome
jesse jill jillian joan jocelyn joel johanna jordan jorge josephina joyce juan juanita julian juliana juliet julius june justin
justine kaitlyn kara karen karin karina karl karla kate kathleen kay kaye kayla keira kelly kelvin kerry kieran kirsten kirsty
kristen kristin kristina kristine kurt kyle kylie lachlan lana lance lara laura lauren laurence lea leah lee leigh lena leon
leona lesley lester levi lewis lila lilian lina lionel lloyd logan lois lola lorna lorraine louis louisa luca lucas lucia lucy
luis luisa luke lydia lyle lynette lynn mabel madison maeve mara marc marcel marco marcus marcia marguerite maria mariana marianne
marie marina mario marion marjorie mark marlene marshall mason mateo maureen maurice mavis maya megan mercedes meredith mia miguel
mila miles milton mohamed mohammed moira mona monica monique morgan muhammad muriel murray myra nadia nadine nancy naomi natasha
neil nell nelson neville niamh nigel nina noah noel noelle nora noreen norma olga olive otto owen paige paola paolo paul paula
paulina pauline pearl pedro perry phoebe phyllis pierre quentin rachael rachel ralph ramon raquel raul renee rex rhonda ricardo
riley rita robert roberta roberto robin robyn roger roland roman rory rosa rosalie rosalind ross rowan roxanne roy ruby rupert
ruth ryan sabrina salvatore samara sara saul scott sean selena serena shane shannon sharon shaun shaw sheila shelley sheryl shirley
sienna silvia simon simone skye sofia sonia sonja spencer stacey stefan stella stephan summer susanna suzanne sylvia tamara tania
tanya tara tatiana tessa thelma tiffany tobias todd toni travis tristan troy tyler tyrone ursula vanessa vera vernon victor vincenzo
viola violet wade wanda warren wayne wendy wesley wilma winifred winston xavier yolanda yusuf yvette
`;

const groupsByName = new Map<string, readonly number[]>();
for (const [number, group] of groups.trim().split(/[|\n]/).entries())
  for (const name of group.trim().split(' ')) groupsByName.set(name, [...(groupsByName.get(name) ?? []), number]);

const known = new Set([...groupsByName.keys(), ...more.trim().split(/\s+/)]);

/** Whether this is a first name that many people have. */
export function isCommonFirstName(name: string): boolean {
  return known.has(name);
}

/** Whether both are forms of one name: Bob and Robert. */
export function areFormsOfOneName(a: string, b: string): boolean {
  const numbers = groupsByName.get(a);
  return numbers !== undefined && groupsByName.get(b)?.some((number) => numbers.includes(number)) === true;
}
